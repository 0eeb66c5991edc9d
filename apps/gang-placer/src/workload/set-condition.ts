import type { Condition } from '@penstock/contracts';

/** What a controller says about an object; the time of its last change is added. */
export type Finding = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/**
 * The conditions with this one in its place. `lastTransitionTime` moves only when the status does, as everywhere in
 * Kubernetes.
 */
export function setCondition(
  conditions: readonly Condition[],
  finding: Finding,
  observedGeneration: number | undefined,
  nowMs: number,
): Condition[] {
  const before = conditions.find(({ type }) => type === finding.type);
  const lastTransitionTime =
    before?.status === finding.status
      ? before.lastTransitionTime
      : `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const next: Condition = {
    ...finding,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    lastTransitionTime,
  };
  return before ? conditions.map((old) => (old === before ? next : old)) : [...conditions, next];
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
