import {
  apiVersionOf,
  type GangAssignment,
  type GangPlacement,
  gangPlacementKind,
} from '@penstock/contracts';
import type { Placement } from '@penstock/core/placement';
import type { GangState } from './gang-state.js';

/** Who decides, from what. */
export interface DecisionContext {
  readonly replica: string;
  readonly leaseTransitions: number;
  readonly nowMs: number;
  readonly seed: number;
  readonly snapshot: GangPlacement['spec']['snapshot'];
}

/**
 * The placement of a gang after a decision: what is bound stays as it is, what was decided now follows.
 * @param decided absent when only the record is corrected
 * @returns undefined when nothing would be left to record
 */
export function placementObject(
  state: GangState,
  decided: Placement | undefined,
  context: DecisionContext,
): GangPlacement | undefined {
  const { gang, placement: before } = state;
  const assignments = [...boundAssignments(state), ...newAssignments(state, decided)];
  if (assignments.length === 0) return undefined;
  const [whole] = decided?.domains.filter(({ groups }) => groups.length === gang.spec.podgroups.length) ?? [];
  const topology = whole ? { key: whole.key, domain: whole.value } : before?.spec.topology;
  return {
    apiVersion: apiVersionOf(gangPlacementKind),
    kind: gangPlacementKind.kind,
    metadata: before?.metadata ?? newMetadata(state),
    spec: {
      gang: { name: gang.metadata.name, uid: gang.metadata.uid ?? '' },
      attempt: (before?.spec.attempt ?? 0) + 1,
      seed: context.seed,
      snapshot: context.snapshot,
      ...(topology ? { topology } : {}),
      score: decided?.score ?? before?.spec.score ?? 0,
      assignments,
      decidedAt: new Date(context.nowMs).toISOString(),
      decidedBy: { replica: context.replica, leaseTransitions: context.leaseTransitions },
    },
    ...(before?.status ? { status: before.status } : {}),
  };
}

function newMetadata({ gang }: GangState): GangPlacement['metadata'] {
  const { namespace, name, uid = '', labels = {} } = gang.metadata;
  const { apiVersion, kind } = gang;
  return {
    ...{ namespace, name, labels },
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  };
}

function boundAssignments({ groups }: GangState): GangAssignment[] {
  return groups.flatMap((group) =>
    group.bound.map(({ pod, node }) => ({
      ...{ pod: pod.metadata.name, uid: pod.metadata.uid ?? '', node, group: group.name },
    })),
  );
}

function newAssignments({ groups }: GangState, decided: Placement | undefined): GangAssignment[] {
  const free = new Map(groups.flatMap((group) => group.free.map((pod) => [pod.metadata.name, pod] as const)));
  return (decided?.assignments ?? []).flatMap(({ group, pod, node }) => {
    const uid = free.get(pod)?.metadata.uid;
    return uid === undefined ? [] : [{ pod, uid, node, group }];
  });
}
