import type { ClusterSnapshot } from './cluster-snapshot.js';
import { type PackResult, pack } from './pack.js';
import type { GreedyOptions } from './pack-greedily.js';
import type { PackingItem, SearchBudget } from './packing-task.js';
import type { ChosenDomain, GangRequest, TopologyConstraint } from './types.js';

/** A domain of the first constraint, and what became of packing the gang into it. */
export interface DomainAttempt {
  readonly domain: string;
  /** Nodes that pods of the gang may use, by index. */
  readonly nodes: readonly number[];
  /** The gang with the nodes of the domain only. */
  readonly items: readonly PackingItem[];
  readonly result: PackResult;
}

export interface DomainSearch {
  readonly result: PackResult;
  readonly domains: readonly ChosenDomain[];
  /** Of the first constraint; one for the whole cluster when there is none. */
  readonly attempts: readonly DomainAttempt[];
}

export interface DomainSearchContext {
  readonly snapshot: ClusterSnapshot;
  readonly gang: GangRequest;
  readonly greedy: GreedyOptions;
  readonly budget: SearchBudget;
  /** Most steps for one packing: a hard domain must not use up what an easy one after it needs. */
  readonly stepsPerPacking: number;
}

const NOTHING_FITS: PackResult = {
  packed: undefined,
  fittingPods: 0,
  short: undefined,
  undecided: false,
};

/**
 * Chooses a domain for each constraint in turn and packs the items into them, going back over the choices until it
 * works. Domains that have least of the scarce resource come first: the gang goes where it fits most tightly.
 */
export function chooseDomains(
  context: DomainSearchContext,
  constraints: readonly TopologyConstraint[],
  items: readonly PackingItem[],
): DomainSearch {
  const [constraint, ...inner] = constraints;
  if (!constraint) {
    const result = packWithin(context, items);
    const nodes = [...new Set(items.flatMap((item) => [...item.nodes]))];
    return { result, domains: [], attempts: [{ domain: '', nodes, items, result }] };
  }
  const attempts: DomainAttempt[] = [];
  let best = NOTHING_FITS;
  let undecided = false;
  for (const candidate of candidatesOf(context, constraint, items)) {
    const { result, domains } = chooseDomains(context, inner, candidate.items);
    attempts.push({ domain: candidate.value, nodes: candidate.nodes, items: candidate.items, result });
    if (result.packed) {
      const { key, groups } = constraint;
      return { result, domains: [{ key, value: candidate.value, groups }, ...domains], attempts };
    }
    undecided ||= result.undecided;
    if (result.fittingPods > best.fittingPods || !best.short) best = result;
  }
  // All pods that the constraint speaks of may be placed already, on nodes without the label.
  if (attempts.length === 0 && !items.some(isIn(context.gang, constraint))) {
    return chooseDomains(context, inner, items);
  }
  return { result: { ...best, undecided }, domains: [], attempts };
}

interface Candidate {
  readonly value: string;
  readonly nodes: readonly number[];
  readonly items: readonly PackingItem[];
  readonly free: number;
  readonly rank: number;
}

function candidatesOf(
  { snapshot, gang, greedy }: DomainSearchContext,
  constraint: TopologyConstraint,
  items: readonly PackingItem[],
): Candidate[] {
  const level = snapshot.level(constraint.key);
  const concerned = isIn(gang, constraint);
  const split = new Map(items.filter(concerned).map((item) => [item, level.split(item.nodes)] as const));
  const pinned = pinnedDomain(snapshot, gang, constraint);
  const domains =
    pinned === undefined ? [...new Set([...split.values()].flatMap((d) => [...d.keys()]))] : [pinned];
  const total = Math.max(1, level.domains.length);
  return domains
    .map((domain) => {
      const nodes = new Set<number>();
      for (const lists of split.values()) for (const node of lists.get(domain) ?? []) nodes.add(node);
      let free = 0;
      for (const node of nodes) free += Math.max(0, greedy.scarceFree[node] as number);
      const narrowed = items.map((item) => {
        const lists = split.get(item);
        return lists ? { ...item, nodes: lists.get(domain) ?? new Int32Array(0) } : item;
      });
      const rank = (((domain - greedy.seed) % total) + total) % total;
      return { value: level.domains[domain] as string, nodes: [...nodes], items: narrowed, free, rank };
    })
    .sort((a, b) => a.free - b.free || a.nodes.length - b.nodes.length || a.rank - b.rank);
}

/** Where most pods that are bound already are: the others must follow. Undefined when none is in any domain. */
export function pinnedDomain(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  constraint: TopologyConstraint,
): number | undefined {
  const { domainOf } = snapshot.level(constraint.key);
  const pods = new Map<number, number>();
  for (const group of gang.groups) {
    if (!constraint.groups.includes(group.name)) continue;
    for (const { node } of group.bound) {
      const index = snapshot.indexOf(node);
      const domain = index === undefined ? -1 : (domainOf[index] as number);
      if (domain >= 0) pods.set(domain, (pods.get(domain) ?? 0) + 1);
    }
  }
  return [...pods].sort(([a, countA], [b, countB]) => countB - countA || a - b)[0]?.[0];
}

function isIn(gang: GangRequest, { groups }: TopologyConstraint): (item: PackingItem) => boolean {
  return ({ podClass }) => groups.includes(gang.groups[podClass.group]?.name ?? '');
}

function packWithin(
  { greedy, budget, stepsPerPacking }: DomainSearchContext,
  items: readonly PackingItem[],
): PackResult {
  const share = { left: Math.min(budget.left, stepsPerPacking) };
  const before = share.left;
  const result = pack(items, greedy, share);
  budget.left -= before - share.left;
  return result;
}
