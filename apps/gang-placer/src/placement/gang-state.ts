import type { GangAssignment, GangPlacement, GangPlacementPhase, Pod, PodGang } from '@penstock/contracts';
import { hasEnded } from '../workload/pod-state.js';
import { isTrue } from '../workload/set-condition.js';

/** Condition of a GangPlacement that stays true once every group had its minimum bound. */
export const MINIMUM_BOUND = 'MinimumBound';

export interface BoundMember {
  readonly pod: Pod;
  readonly node: string;
}

/** One PodGroup of a gang with its pods. */
export interface GroupState {
  readonly name: string;
  readonly minReplicas: number;
  /** Alive, on nodes that exist. */
  readonly bound: readonly BoundMember[];
  /** Alive, on a node that is gone. */
  readonly stranded: readonly Pod[];
  /** May be bound. */
  readonly free: readonly Pod[];
  /** Alive, but held back by a scheduling gate. */
  readonly gated: number;
  /** Alive and unbound, but another scheduler's. */
  readonly foreign: number;
}

/** Everything that the next step of a gang depends on. */
export interface GangState {
  readonly gang: PodGang;
  readonly initialized: boolean;
  readonly groups: readonly GroupState[];
  /** Absent, or of this life of the gang. */
  readonly placement: GangPlacement | undefined;
  /** Of the attempt on record. */
  readonly phase: GangPlacementPhase | undefined;
  /** Every group had its minimum bound once: from then on the gang is repaired, never evicted. */
  readonly wasComplete: boolean;
  /** Decided, and not bound yet. Empty when the decision no longer holds. */
  readonly pending: ReadonlyArray<{ readonly assignment: GangAssignment; readonly pod: Pod }>;
  /** Free pods of which no decision speaks. */
  readonly undecided: readonly Pod[];
  /** Recorded, but the pod is gone or another one by now. */
  readonly obsolete: readonly GangAssignment[];
  /** Bound, but not as recorded. */
  readonly unrecorded: ReadonlyArray<BoundMember & { readonly group: string }>;
}

export interface GangSources {
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  /** Node of a pod, or undefined while it has none. */
  readonly nodeOf: (pod: Pod) => string | undefined;
  readonly nodeExists: (node: string) => boolean;
  readonly schedulerName: string;
}

/** Reads a gang: pure, from what was last seen. */
export function gangState(
  gang: PodGang,
  record: GangPlacement | undefined,
  { pod: podOf, nodeOf, nodeExists, schedulerName }: GangSources,
): GangState {
  const placement = record?.spec.gang.uid === gang.metadata.uid ? record : undefined;
  const phase = phaseOf(placement);
  const holds = phase !== undefined && phase !== 'Superseded' && phase !== 'Abandoned';
  const assignments = new Map(placement?.spec.assignments.map((one) => [one.uid, one]));
  const alive = new Set<string>();
  const pending: Array<GangState['pending'][number]> = [];
  const undecided: Pod[] = [];
  const unrecorded: Array<GangState['unrecorded'][number]> = [];
  const groups = gang.spec.podgroups.map((group): GroupState => {
    const state = {
      bound: [] as BoundMember[],
      stranded: [] as Pod[],
      free: [] as Pod[],
      gated: 0,
      foreign: 0,
    };
    for (const { namespace, name } of group.podReferences) {
      // Pods of other namespaces are not the gang's to place.
      const pod = namespace === gang.metadata.namespace ? podOf(namespace, name) : undefined;
      if (!pod || pod.metadata.deletionTimestamp || hasEnded(pod)) continue;
      const uid = pod.metadata.uid ?? '';
      alive.add(uid);
      const node = nodeOf(pod);
      const assignment = assignments.get(uid);
      if (node !== undefined) {
        if (nodeExists(node)) state.bound.push({ pod, node });
        else state.stranded.push(pod);
        if (assignment?.node !== node) unrecorded.push({ pod, node, group: group.name });
      } else if (pod.spec?.schedulingGates?.length) state.gated++;
      else if ((pod.spec?.schedulerName ?? schedulerName) !== schedulerName) state.foreign++;
      else {
        state.free.push(pod);
        if (assignment && holds) pending.push({ assignment, pod });
        else undecided.push(pod);
      }
    }
    return { name: group.name, minReplicas: group.minReplicas, ...state };
  });
  return {
    ...{ gang, groups, placement, phase, pending, undecided, unrecorded },
    initialized: isTrue(gang.status?.conditions, 'Initialized'),
    wasComplete: isTrue(placement?.status?.conditions, MINIMUM_BOUND),
    obsolete: [...assignments.values()].filter(({ uid }) => !alive.has(uid)),
  };
}

/** The phase of the attempt that is on record: a status that speaks of an earlier one means `Decided`. */
export function phaseOf(placement: GangPlacement | undefined): GangPlacementPhase | undefined {
  if (!placement) return undefined;
  const { status, spec } = placement;
  return (status?.observedAttempt === spec.attempt ? status.phase : undefined) ?? 'Decided';
}

export function boundCount({ groups }: GangState): number {
  return groups.reduce((sum, { bound, stranded }) => sum + bound.length + stranded.length, 0);
}

/** Every group has its minimum on nodes. */
export function hasMinimum({ groups }: GangState): boolean {
  return groups.every(({ bound, minReplicas }) => bound.length >= minReplicas);
}
