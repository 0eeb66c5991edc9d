import type { Pod, PodClique, PodGang } from '@penstock/contracts';
import { effectiveMinimum } from './clique-status.js';
import { indexOf, isAlive, isGated, isScheduled } from './pod-state.js';
import { isTrue } from './set-condition.js';

type PodGroup = PodGang['spec']['podgroups'][number];

/** A clique of a gang with its own pods; no clique while it is not created yet. */
export interface GangMember {
  readonly clique: PodClique | undefined;
  readonly pods: readonly Pod[];
}

export interface GangPlan {
  /** The groups with references to their pods. */
  readonly podgroups: PodGroup[];
  /** Every pod exists and is referenced; stays true once it was. */
  readonly initialized: boolean;
  /** Pods whose gate may go: referenced already, and their turn has come. */
  readonly release: readonly Pod[];
}

/**
 * What a gang is from its cliques' pods. References come first, gates go only when the stored gang has them: the
 * placer never sees a pod that it may place without knowing which others it needs.
 *
 * @param member clique and pods of a group, by its name
 * @param baseIsScheduled false while a scaled gang must wait for its base gang
 */
export function planGang(
  gang: PodGang,
  member: (group: string) => GangMember,
  baseIsScheduled: boolean,
): GangPlan {
  const stored = isTrue(gang.status?.conditions, 'Initialized');
  const states = gang.spec.podgroups.map((group) => groupState(group, member(group.name), stored));
  const initialized = stored || states.every(({ complete }) => complete);
  const podgroups = initialized
    ? states.map(({ group, references, minReplicas }) => ({
        ...group,
        podReferences: references,
        minReplicas,
      }))
    : [...gang.spec.podgroups];
  const mayRelease = stored && baseIsScheduled;
  return {
    podgroups,
    initialized,
    release: mayRelease ? states.flatMap((state) => releasable(state)) : [],
  };
}

/** Whether every group of a base gang has its minimum on nodes: what its scaled gangs wait for. */
export function isGangScheduled(gang: PodGang, member: (group: string) => GangMember): boolean {
  return (
    isTrue(gang.status?.conditions, 'Initialized') &&
    gang.spec.podgroups.every(
      ({ name, minReplicas }) =>
        member(name).pods.filter((pod) => isAlive(pod) && isScheduled(pod)).length >= minReplicas,
    )
  );
}

interface GroupState {
  readonly group: PodGroup;
  readonly alive: readonly Pod[];
  readonly references: PodGroup['podReferences'];
  readonly minReplicas: number;
  readonly complete: boolean;
}

function groupState(group: PodGroup, { clique, pods }: GangMember, initialized: boolean): GroupState {
  const alive = pods.filter(isAlive).sort((a, b) => (indexOf(a) ?? 0) - (indexOf(b) ?? 0));
  const wanted = clique ? effectiveMinimum(clique) : group.minReplicas;
  const replicas = clique?.spec.replicas ?? 1;
  // A clique that wakes needs its minimum only once the pods are there: until then the others are placed without it.
  const minReplicas = alive.length >= wanted || !initialized ? wanted : Math.min(wanted, group.minReplicas);
  return {
    group,
    alive,
    references: alive.map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name })),
    minReplicas,
    complete: clique !== undefined && alive.length >= replicas,
  };
}

/** Gated pods of the group that the stored gang refers to, once it refers to the whole minimum. */
function releasable({ group, alive, minReplicas }: GroupState): Pod[] {
  const referenced = new Set(group.podReferences.map(({ name }) => name));
  const known = alive.filter((pod) => referenced.has(pod.metadata.name));
  return known.length >= minReplicas ? known.filter(isGated) : [];
}
