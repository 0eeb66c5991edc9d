import { distance } from 'fastest-levenshtein';

export interface ForeignFlags {
  /** Flags that have no effect here, as they were given, without values. */
  readonly ignored: readonly string[];
  /** Words that belong to no flag. */
  readonly words: readonly string[];
  readonly errors: readonly string[];
}

/**
 * What to do with arguments that the simulator has no flag for. vLLM and Dynamo have hundreds of flags, and more with
 * every version: those pass without effect. A flag that nearly is one of ours is a typing mistake, and so is an unknown
 * `--sim-…`: errors.
 *
 * @param rest everything from the first unknown flag on, without the known flags
 * @param known long names of the simulator's flags, `--max-model-len`
 */
export function foreignFlags(rest: readonly string[], known: readonly string[]): ForeignFlags {
  const ignored: string[] = [];
  const words: string[] = [];
  const errors: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i] as string;
    if (!isFlag(arg)) {
      words.push(arg);
      continue;
    }
    const [name = arg] = arg.split('=', 1);
    const meant = known.find((flag) => isNearly(name, flag));
    if (meant !== undefined) errors.push(`unknown flag ${name}: did you mean ${meant}?`);
    else if (name.startsWith('--sim-')) errors.push(`unknown flag ${name}: see --help`);
    else ignored.push(name);
    const next = rest[i + 1];
    if (name === arg && next !== undefined && !isFlag(next)) i += 1;
  }
  return { ignored, words, errors };
}

/** Negative numbers are values. */
const isFlag = (arg: string): boolean => /^-{1,2}[A-Za-z]/.test(arg);

/** One or two letters wrong, anywhere or in the part that was typed. */
function isNearly(name: string, flag: string): boolean {
  if (name.length < 6 || !name.startsWith('--')) return false;
  const typed = flag.slice(0, name.length + 1);
  const allowed = name.length < 7 ? 1 : 2;
  return (
    Math.min(distance(name, flag), flag.length > name.length + 1 ? distance(name, typed) : allowed + 1) <=
    allowed
  );
}
