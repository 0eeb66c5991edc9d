import { DRAINING_ANNOTATION, type Pod } from '@penstock/contracts';
import type { Replica } from '@penstock/core/scaling';
import type { Target } from './target.js';

/** A replica with its pods as objects. */
export interface ReplicaView {
  readonly replica: Replica;
  /** Its number in a group; its place by age where pods are replicas. */
  readonly index: number;
  readonly pods: readonly Pod[];
}

/** Whether `specReplicas` has been lowered for the pod with this uid. */
export type IsLeaving = (uid: string, specReplicas: number) => boolean;

/**
 * The replicas that pods make up: those that are being deleted or have ended do not count.
 * @param isLeaving whether a pod has been removed from `spec.replicas` already: it is not drained a second time
 * @returns in the order of replica indices, else of age
 */
export function replicasOf(target: Target, pods: readonly Pod[], isLeaving: IsLeaving): ReplicaView[] {
  const groups = new Map<string, Pod[]>();
  for (const pod of [...pods].sort(byIndexOrAge(target.replicaLabel))) {
    if (pod.metadata.deletionTimestamp !== undefined || hasEnded(pod)) continue;
    const label =
      target.replicaLabel === undefined ? pod.metadata.name : pod.metadata.labels?.[target.replicaLabel];
    if (label === undefined) continue;
    const known = groups.get(label);
    if (known) known.push(pod);
    else groups.set(label, [pod]);
  }
  return [...groups].map(([label, members], place) => ({
    pods: members,
    index: target.replicaLabel === undefined ? place : Number(label),
    replica: {
      pods: members.map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`),
      ready: members.length >= target.podsPerReplica && members.every(isReady),
      draining: members.some(
        ({ metadata }) =>
          metadata.annotations?.[DRAINING_ANNOTATION] !== undefined &&
          !isLeaving(metadata.uid ?? '', target.specReplicas),
      ),
    },
  }));
}

function byIndexOrAge(label: string | undefined): (a: Pod, b: Pod) => number {
  const index = (pod: Pod) => (label === undefined ? 0 : Number(pod.metadata.labels?.[label] ?? 0));
  const age = (pod: Pod) => pod.metadata.creationTimestamp ?? '';
  return (a, b) =>
    index(a) - index(b) ||
    (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : a.metadata.name < b.metadata.name ? -1 : 1);
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}
