import { packExactly, roomOf } from './pack-exactly.js';
import { type GreedyOptions, packGreedily, undoPacking } from './pack-greedily.js';
import type { Packed, PackingItem, SearchBudget } from './packing-task.js';

export interface PackResult {
  /** Everything, and it is taken from the snapshot; undefined when it does not fit. */
  readonly packed: readonly Packed[] | undefined;
  /** Most pods that were packed at once. */
  readonly fittingPods: number;
  /** An item that does not fit. */
  readonly short: PackingItem | undefined;
  /** The search was given up. */
  readonly undecided: boolean;
}

/** Packs all items or none: greedily in two orders, then by search, which needs more than one kind of pod to matter. */
export function pack(
  items: readonly PackingItem[],
  options: GreedyOptions,
  budget: SearchBudget,
): PackResult {
  const largestFirst = inOrder(items, (item) => -sizeOf(item, options.scarce));
  const rooms = new Map(items.map((item) => [item, roomOf(item)]));
  const tightestFirst = inOrder(items, (item) => -item.count / Math.max(1, rooms.get(item) as number));
  const lacking = items.find((item) => (rooms.get(item) as number) < item.count) ?? lacksInTotal(items);

  let fittingPods = 0;
  let short = lacking;
  for (const order of items.length > 1 ? [largestFirst, tightestFirst] : [items]) {
    const attempt = packGreedily(order, options);
    if (!attempt.short) {
      return { packed: attempt.packed, fittingPods: attempt.pods, short: undefined, undecided: false };
    }
    undoPacking(attempt.packed);
    fittingPods = Math.max(fittingPods, attempt.pods);
    short ??= attempt.short;
  }
  if (lacking || items.length < 2) return { packed: undefined, fittingPods, short, undecided: false };
  if (budget.left <= 0) return { packed: undefined, fittingPods, short, undecided: true };
  const packed = packExactly(largestFirst, budget);
  return { packed, fittingPods, short: packed ? undefined : short, undecided: !packed && budget.left <= 0 };
}

/** An item of which the nodes cannot have enough, all items that use the same nodes counted together. */
function lacksInTotal(items: readonly PackingItem[]): PackingItem | undefined {
  const users = new Map<string, PackingItem[]>();
  for (const item of items) {
    for (const { name } of item.podClass.resources) users.set(name, [...(users.get(name) ?? []), item]);
  }
  for (const [name, sharing] of users) {
    const nodes = new Set(sharing.flatMap((item) => [...item.nodes]));
    const free = sharing[0]?.podClass.resources.find((r) => r.name === name)?.free;
    let left = 0;
    for (const node of nodes) left += Math.max(0, free?.[node] ?? 0);
    for (const item of sharing) left -= item.count * sizeOf(item, name);
    if (left < 0) return inOrder(sharing, (item) => -sizeOf(item, name))[0];
  }
  return undefined;
}

function sizeOf({ podClass }: PackingItem, resource: string): number {
  return podClass.resources.find(({ name }) => name === resource)?.amount ?? 0;
}

/** Stable: equal items stay in the order of the request. */
function inOrder(items: readonly PackingItem[], rank: (item: PackingItem) => number): PackingItem[] {
  return [...items].sort((a, b) => rank(a) - rank(b));
}
