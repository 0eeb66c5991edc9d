import { chooseDomains, type DomainSearch } from './choose-domains.js';
import type { ClusterSnapshot } from './cluster-snapshot.js';
import { explainRefusal } from './explain-refusal.js';
import { nodesForExtras } from './nodes-for-extras.js';
import { type GreedyOptions, packGreedily, undoPacking } from './pack-greedily.js';
import type { Packed, PackingItem } from './packing-task.js';
import { placementScore } from './placement-score.js';
import { type PodClass, podClasses } from './pod-class.js';
import { scarceResource } from './scarce-resource.js';
import type { Assignment, ChosenDomain, GangRequest, PlacementOutcome, PlaceOptions } from './types.js';

/** Part of the step budget that one packing may use. */
const PACKINGS_PER_BUDGET = 8;

/**
 * Places the minimum of every group of a gang, or says why not; then as many of the pods beyond it as fit, near the
 * others. Pods that are bound already stay and count. Same snapshot, gang and seed: same answer. The snapshot is left
 * as it was: reserve what you decide to keep.
 *
 * Exact while the step budget lasts: a gang is placed whenever there is a way to, and `undecided` marks a refusal
 * that is no proof.
 */
export function placeGang(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  { seed, maxSearchSteps }: PlaceOptions,
): PlacementOutcome {
  const classes = podClasses(snapshot, gang.groups);
  const scarce = scarceResource(classes);
  const greedy: GreedyOptions = {
    ...{ scarce, scarceFree: snapshot.free(scarce), seed: seed >>> 0 },
    scarceTotal: Float64Array.from(snapshot.nodes, ({ allocatable }) => allocatable[scarce] ?? 0),
  };
  const budget = { left: maxSearchSteps };
  const stepsPerPacking = Math.max(1, Math.ceil(maxSearchSteps / PACKINGS_PER_BUDGET));
  const context = { snapshot, gang, greedy, budget, stepsPerPacking };
  const items = classes
    .map((podClass) => itemOf(podClass, podClass.needed.length))
    .filter(({ count }) => count > 0);
  const required = gang.topology.filter((constraint) => constraint.required);

  let constraints = gang.topology;
  let search: DomainSearch = chooseDomains(context, constraints, items);
  if (!search.result.packed && required.length < constraints.length) {
    constraints = required;
    search = chooseDomains(context, constraints, items);
  }
  const searchSteps = maxSearchSteps - budget.left;
  const { packed } = search.result;
  if (!packed) {
    const refusal = explainRefusal(context, items, search, searchSteps);
    return { placed: false, refusal };
  }
  const extras = packExtras(snapshot, gang, classes, search.domains, greedy);
  undoPacking([...packed, ...extras]);
  const assignments = [
    ...name(snapshot, gang, packed, (podClass) => podClass.needed),
    ...name(snapshot, gang, extras, (podClass) => podClass.extra),
  ];
  const placed = new Set(assignments.map(({ pod }) => pod));
  const left = classes.flatMap(({ extra }) => extra.map((pod) => pod.name).filter((pod) => !placed.has(pod)));
  const score = placementScore(snapshot, gang, assignments, constraints.length === gang.topology.length);
  return { placed: true, placement: { assignments, domains: search.domains, score, left, searchSteps } };
}

/** Pods beyond the minimum, first where the minimum is, then wherever the required constraints allow. */
function packExtras(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  classes: readonly PodClass[],
  domains: readonly ChosenDomain[],
  greedy: GreedyOptions,
): Packed[] {
  return classes.flatMap((podClass) => {
    let left = podClass.extra.length;
    return nodesForExtras(snapshot, gang, podClass, domains).flatMap((nodes) => {
      if (left === 0) return [];
      const { packed, pods } = packGreedily([{ podClass, count: left, nodes }], greedy);
      left -= pods;
      return packed;
    });
  });
}

function itemOf(podClass: PodClass, count: number): PackingItem {
  return { podClass, count, nodes: podClass.eligibility.nodes };
}

/** Gives the pods of every class, in their order, to the nodes of the class, in the order of their names. */
function name(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  packed: readonly Packed[],
  podsOf: (podClass: PodClass) => PodClass['needed'],
): Assignment[] {
  const byClass = new Map<PodClass, Packed[]>();
  for (const entry of packed) {
    const list = byClass.get(entry.item.podClass);
    if (list) list.push(entry);
    else byClass.set(entry.item.podClass, [entry]);
  }
  return [...byClass].flatMap(([podClass, entries]) => {
    const nodes = entries
      .sort((a, b) => a.node - b.node)
      .flatMap(({ node, count }) => Array(count).fill(node));
    const group = gang.groups[podClass.group]?.name as string;
    return nodes.map((node: number, i) => ({
      ...{ group, pod: podsOf(podClass)[i]?.name as string },
      node: snapshot.nodes[node]?.name as string,
    }));
  });
}
