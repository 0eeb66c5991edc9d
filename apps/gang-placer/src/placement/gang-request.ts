import { MAX_GANG_PODS, type PodGang } from '@penstock/contracts';
import type { GangRequest, TopologyConstraint } from '@penstock/core/placement';
import type { GangState } from './gang-state.js';
import { readPod } from './read-pod.js';

/**
 * What the solver is asked: the free pods of a gang around those that are bound. A gang that was complete once asks
 * for its minimum as far as it has pods.
 */
export function gangRequest({ gang, groups, wasComplete }: GangState): GangRequest {
  return {
    topology: topologyOf(gang),
    groups: groups.map(({ name, minReplicas, bound, free }) => ({
      name,
      minReplicas: wasComplete ? Math.min(minReplicas, bound.length + free.length) : minReplicas,
      pods: free.map((pod) => ({ name: pod.metadata.name, shape: readPod(pod).shape })),
      bound: bound.map(({ pod, node }) => ({
        ...{ name: pod.metadata.name, node },
        requests: readPod(pod).shape.requests,
      })),
    })),
  };
}

/** Rules of the gang's pods that cannot be kept here; empty when all can. */
export function podProblems({ groups }: GangState): string[] {
  const count = groups.reduce((sum, { free, bound }) => sum + free.length + bound.length, 0);
  if (count > MAX_GANG_PODS) {
    return [
      `the gang has ${count} pods, and one decision holds ${MAX_GANG_PODS}: split it into several gangs`,
    ];
  }
  return groups.flatMap(({ free }) =>
    free.flatMap((pod) => {
      const { problem } = readPod(pod);
      return problem === undefined ? [] : [`pod ${pod.metadata.name} ${problem}`];
    }),
  );
}

type Packing = NonNullable<PodGang['spec']['topologyConstraint']>;

/** Constraints of the gang, then of its sets of groups, then of single groups. */
function topologyOf({ spec }: PodGang): TopologyConstraint[] {
  const constraints: TopologyConstraint[] = [];
  const add = (packing: Packing | undefined, groups: readonly string[]) => {
    const { required, preferred } = packing?.packConstraint ?? {};
    if (required) constraints.push({ key: required, groups, required: true });
    if (preferred && preferred !== required) constraints.push({ key: preferred, groups, required: false });
  };
  add(
    spec.topologyConstraint,
    spec.podgroups.map(({ name }) => name),
  );
  for (const { podGroupNames, topologyConstraint } of spec.topologyConstraintGroupConfigs ?? []) {
    add(topologyConstraint, podGroupNames);
  }
  for (const { name, topologyConstraint } of spec.podgroups) add(topologyConstraint, [name]);
  return constraints;
}
