import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { daemonSetFit } from './daemon-set-fit.js';
import { isUpdatedPod } from './daemon-set-pod.js';
import { isPodReady, untilAvailableMs } from './pod-readiness.js';

/**
 * The status of a DaemonSet (apps/v1 DaemonSetStatus): each node counts once, by the first of
 * its pods. Numbers that the API leaves out when they are 0 are left out.
 *
 * @param podsByNode as `daemonPodsByNode` gives them
 * @param hash names the revision of the present template
 */
export function daemonSetStatus(
  set: ApiObject,
  nodes: readonly ApiObject[],
  podsByNode: ReadonlyMap<string, readonly ApiObject[]>,
  hash: string,
  nowMs: number,
): JsonObject {
  const minReadySeconds = Number(set.spec?.['minReadySeconds'] ?? 0);
  const isWanted = (node: ApiObject): boolean => daemonSetFit(set, node).shouldRun;
  const podOf = (node: ApiObject): ApiObject[] => (podsByNode.get(node.metadata.name) ?? []).slice(0, 1);
  const wanted = nodes.filter(isWanted);
  const pods = wanted.flatMap(podOf);
  const available = pods.filter((pod) => untilAvailableMs(pod, minReadySeconds, nowMs) === 0).length;
  const counts = {
    updatedNumberScheduled: pods.filter((pod) => isUpdatedPod(set, pod, hash)).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
  };
  const { collisionCount } = set.status ?? {};
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: nodes.filter((node) => !isWanted(node)).flatMap(podOf).length,
    desiredNumberScheduled: wanted.length,
    numberReady: pods.filter(isPodReady).length,
    observedGeneration: set.metadata.generation,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}
