import type { Pod, PodClique } from '@penstock/contracts';
import { controllerUid } from './ownership.js';
import { TERMINATE_BEFORE_ANNOTATION } from './plan-terminations.js';
import { hasEnded, indexOf, isAlive, isReady, templateHashOf } from './pod-state.js';
import { scaleDownOrder } from './scale-down-order.js';

/** What becomes of pods of an older template: replaced one by one, all at once, or when somebody deletes them. */
export type Renewal = 'one-by-one' | 'at-once' | 'on-delete';

export interface PodPlan {
  /** Indexes of pods to create. */
  readonly create: readonly number[];
  /** More pods than wanted. */
  readonly surplus: readonly Pod[];
  /** Ended pods: their index is free once they are gone. */
  readonly ended: readonly Pod[];
  /** Pods of an older template whose turn has come, or of a gang that is terminated. */
  readonly outdated: readonly Pod[];
}

/**
 * What to do about the pods of a clique. `pods` are all pods under the clique's label, also those of an earlier clique
 * of the same name: an index is free only when no pod at all has it.
 */
export function planPods(clique: PodClique, pods: readonly Pod[], renewal: Renewal): PodPlan {
  const own = pods.filter((pod) => controllerUid(pod) === clique.metadata.uid);
  const alive = own.filter(isAlive);
  const replicas = clique.spec.replicas ?? 1;
  const surplus = scaleDownOrder(alive).slice(0, Math.max(0, alive.length - replicas));
  return {
    create: freeIndexes(pods, replicas).slice(0, Math.max(0, replicas - alive.length)),
    surplus,
    ended: own.filter((pod) => hasEnded(pod) && pod.metadata.deletionTimestamp === undefined),
    outdated: surplus.length > 0 ? [] : outdatedPods(clique, own, renewal),
  };
}

function freeIndexes(pods: readonly Pod[], replicas: number): number[] {
  const taken = new Set(pods.map(indexOf));
  return Array.from({ length: replicas }, (_, index) => index).filter((index) => !taken.has(index));
}

/** It belongs to a gang that stayed below its minimum for too long. */
function isCondemned({ metadata }: PodClique, pod: Pod): boolean {
  const before = metadata.annotations?.[TERMINATE_BEFORE_ANNOTATION];
  return before !== undefined && Date.parse(pod.metadata.creationTimestamp ?? '') < Date.parse(before);
}

/** One by one: all that are not ready, else one, and only while every other pod is there and ready. */
function outdatedPods(clique: PodClique, own: readonly Pod[], renewal: Renewal): Pod[] {
  const hash = templateHashOf(clique);
  const alive = own.filter(isAlive);
  const outdated = alive.filter((pod) => templateHashOf(pod) !== hash);
  const condemned = alive.filter((pod) => isCondemned(clique, pod));
  if (condemned.length > 0) return condemned;
  if (renewal === 'on-delete' || outdated.length === 0) return [];
  if (renewal === 'at-once') return outdated;
  const broken = outdated.filter((pod) => !isReady(pod));
  if (broken.length > 0) return broken;
  const isWhole =
    own.length === (clique.spec.replicas ?? 1) && own.every((pod) => isAlive(pod) && isReady(pod));
  return isWhole ? scaleDownOrder(outdated).slice(0, 1) : [];
}
