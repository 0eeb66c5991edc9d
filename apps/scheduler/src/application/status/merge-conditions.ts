/** `metav1.Condition`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** A condition as it should be; times and generations are added where it is written. */
export type WantedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Prefix of the condition types that are ours alone. */
const OWN = 'penstock.dev/';
/** Longest message of a condition that the API takes. */
const MAX_MESSAGE = 32_768;

/**
 * The conditions of an object with ours brought up to date: those of others stay, ours that are not wanted any more go,
 * the time of a transition changes only with the status.
 *
 * @returns undefined when nothing is to be written
 */
export function mergeConditions(
  existing: readonly Condition[],
  wanted: readonly WantedCondition[],
  generation: number | undefined,
  now: string,
): Condition[] | undefined {
  let changed = false;
  const types = new Set(wanted.map(({ type }) => type));
  const kept = existing.filter(({ type }) => {
    const stale = type.startsWith(OWN) && !types.has(type);
    changed ||= stale;
    return !stale && !types.has(type);
  });
  const own = wanted.map(({ type, status, reason, message }): Condition => {
    const before = existing.find((condition) => condition.type === type);
    const next: Condition = {
      type,
      status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
      reason,
      message: message.slice(0, MAX_MESSAGE),
    };
    changed ||=
      before?.status !== status ||
      before.reason !== reason ||
      before.message !== next.message ||
      before.observedGeneration !== next.observedGeneration;
    return next;
  });
  return changed ? [...kept, ...own] : undefined;
}
