import { pinnedDomain } from './choose-domains.js';
import type { ClusterSnapshot } from './cluster-snapshot.js';
import { fitOf, type PodClass } from './pod-class.js';
import type { ChosenDomain, GangRequest, TopologyConstraint } from './types.js';

/**
 * Lists of nodes for pods beyond the minimum, to be tried in turn: where soft constraints hold too, then everywhere
 * that the required ones allow.
 */
export function nodesForExtras(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  podClass: PodClass,
  domains: readonly ChosenDomain[],
): Int32Array[] {
  if (podClass.extra.length === 0) return [];
  const group = gang.groups[podClass.group]?.name as string;
  const concerning = gang.topology.filter(({ groups }) => groups.includes(group));
  const within = (constraints: readonly TopologyConstraint[]) =>
    constraints.reduce(
      (nodes, constraint) => inDomain(snapshot, gang, podClass, constraint, domains, nodes),
      podClass.eligibility.nodes,
    );
  const required = concerning.filter((constraint) => constraint.required);
  return required.length === concerning.length ? [within(required)] : [within(concerning), within(required)];
}

function inDomain(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  podClass: PodClass,
  constraint: TopologyConstraint,
  domains: readonly ChosenDomain[],
  nodes: Int32Array,
): Int32Array {
  const level = snapshot.level(constraint.key);
  const chosen = domains.find(
    ({ key, groups }) => key === constraint.key && groups.join() === constraint.groups.join(),
  );
  const domain =
    chosen === undefined ? pinnedDomain(snapshot, gang, constraint) : level.domains.indexOf(chosen.value);
  const lists = level.split(nodes);
  if (domain !== undefined) return lists.get(domain) ?? new Int32Array(0);
  // A group without a minimum and without bound pods: nothing has chosen for it yet.
  const roomy = [...lists.values()].sort((a, b) => room(podClass, b) - room(podClass, a));
  return roomy[0] ?? new Int32Array(0);
}

function room(podClass: PodClass, nodes: Int32Array): number {
  return nodes.reduce((sum, node) => sum + Math.min(podClass.extra.length, fitOf(podClass, node)), 0);
}
