/** A pod of a DaemonSet on one node that is not being deleted, as a rolling update sees it. */
export interface DaemonPodView {
  readonly name: string;
  /** Made from the present template. */
  readonly isUpdated: boolean;
  readonly isAvailable: boolean;
}

/** `maxUnavailable` as a number of pods: a percentage is rounded up, and 0 would never end. */
export function maxUnavailablePods(value: unknown, desired: number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  const pods = percent === undefined ? Number(value ?? 1) : Math.ceil((Number(percent) * desired) / 100);
  return Math.max(1, pods);
}

/**
 * The outdated pods to delete now, so that no more nodes than allowed are without an available pod. Those that are not
 * available serve nobody and go at once.
 *
 * @param nodes the pods of each node that has or should have one
 */
export function planDaemonUpdate(
  nodes: readonly (readonly DaemonPodView[])[],
  maxUnavailable: number,
): string[] {
  const isOutdated = (pods: readonly DaemonPodView[]): boolean => pods.length === 1 && !pods[0]?.isUpdated;
  const unavailable = nodes.filter((pods) => pods.length !== 1 || !pods[0]?.isAvailable).length;
  const outdated = nodes.filter(isOutdated).flat();
  const replaced = outdated.filter((pod) => !pod.isAvailable);
  const candidates = outdated.filter((pod) => pod.isAvailable);
  const allowed = Math.max(0, maxUnavailable - unavailable);
  return [...replaced, ...candidates.slice(0, allowed)].map(({ name }) => name);
}
