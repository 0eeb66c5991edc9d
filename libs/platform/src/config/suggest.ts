import { closest, distance } from 'fastest-levenshtein';

/** The known name that `wrong` was probably meant to be, when one is near enough. */
export function suggest(wrong: string, known: readonly string[], maxEdits = 3): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(wrong, known);
  return distance(wrong, best) <= Math.min(maxEdits, Math.floor(wrong.length / 2)) ? best : undefined;
}

/** `; did you mean X?` or nothing. */
export function suggestion(wrong: string, known: readonly string[]): string {
  const best = suggest(wrong, known);
  return best ? `; did you mean ${best}?` : '';
}
