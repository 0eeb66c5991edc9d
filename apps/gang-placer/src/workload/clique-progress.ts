import type { Pod, PodClique } from '@penstock/contracts';
import { effectiveMinimum } from './clique-status.js';
import type { CliqueInstance } from './instances.js';
import { isAlive, isReady, isScheduled, templateHashOf } from './pod-state.js';
import type { CliqueProgress } from './rollout.js';

/** @param pods own pods of the clique; `templateHash`: the hash that the set's template gives it now */
export function progressOf(
  instance: CliqueInstance,
  clique: PodClique,
  pods: readonly Pod[],
  templateHash: string,
): CliqueProgress {
  const alive = pods.filter(isAlive);
  const scheduledPods = alive.filter(isScheduled).length;
  const minimum = effectiveMinimum(clique);
  const ready = alive.filter(isReady).length;
  return {
    instance,
    outdated: templateHashOf(clique) !== templateHash,
    settled:
      alive.length === pods.length &&
      alive.length === (clique.spec.replicas ?? 1) &&
      alive.every((pod) => templateHashOf(pod) === templateHashOf(clique)) &&
      ready >= minimum,
    scheduledPods,
    breached: scheduledPods < minimum,
  };
}
