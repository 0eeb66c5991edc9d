import type { TranslationProblem } from '../translation.js';

export interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
}

/** Annotation: within what numbers the autoscaler keeps the engines of a role, `"2..6"`. */
export const boundsAnnotation = (role: 'prefill' | 'decode'): string => `penstock.dev/${role}-replicas`;

/**
 * Bounds of a role's engines. Without an annotation: never fewer than were asked for, and up to twice as many under
 * load; a pool that was put to sleep with 0 may wake one.
 */
export function replicaBounds(
  role: 'prefill' | 'decode',
  replicas: number,
  annotation: string | undefined,
): { bounds: ReplicaBounds; problems: TranslationProblem[] } {
  const usual = { min: replicas, max: Math.max(1, 2 * replicas) };
  if (annotation === undefined) return { bounds: usual, problems: [] };
  const [, low, high] = /^(\d{1,5})\.\.(\d{1,5})$/.exec(annotation) ?? [];
  const bounds = { min: Number(low), max: Number(high) };
  const field = `metadata.annotations[${boundsAnnotation(role)}]`;
  const wrong = (message: string) => ({ bounds: usual, problems: [{ field, message }] });
  if (low === undefined)
    return wrong(`is ${JSON.stringify(annotation)}: write the least and the most, "2..6"`);
  if (bounds.max < 1 || bounds.min > bounds.max) {
    return wrong(`is ${JSON.stringify(annotation)}: the most must be at least 1 and not below the least`);
  }
  if (replicas < bounds.min || replicas > bounds.max) {
    return wrong(`is ${JSON.stringify(annotation)}: spec.replicas.${role}, ${replicas}, must lie within`);
  }
  return { bounds, problems: [] };
}
