import type { Packed, PackingItem, SearchBudget } from './packing-task.js';
import { fitOf, take } from './pod-class.js';

interface Candidate {
  readonly node: number;
  readonly fit: number;
  /** Room for pods of the item on this candidate and all after it. */
  readonly roomFromHere: number;
  /** Same as the candidate before, for everything that is still to be packed. */
  readonly isTwin: boolean;
}

/**
 * Searches all ways to pack the items, in their order: finds one whenever there is one and the budget lasts. Each step
 * puts a number of pods on a node. Cut off: when an item has too little room left in total, and all but one of the
 * ways that differ only in which of two equal nodes is used. Takes what it gives out, as `packGreedily` does.
 * @returns undefined when nothing was found; it is a proof only while `budget.left` is positive
 */
export function packExactly(items: readonly PackingItem[], budget: SearchBudget): Packed[] | undefined {
  const packed: Packed[] = [];
  const allowed = items.map(({ nodes }) => new Set(nodes));
  const room = items.map(roomOf);
  return packFrom(0) ? packed : undefined;

  function packFrom(index: number): boolean {
    const item = items[index];
    if (!item) return true;
    if (index === items.length - 1) return fill(item, candidatesOf(index));
    return spread(index, candidatesOf(index), 0, item.count, Number.POSITIVE_INFINITY);
  }

  /** For the last item the way does not matter: its room is all there is to know. */
  function fill(item: PackingItem, candidates: readonly Candidate[]): boolean {
    if ((candidates[0]?.roomFromHere ?? 0) < item.count) return false;
    let left = item.count;
    for (const { node, fit } of candidates) {
      const count = Math.min(fit, left);
      take(item.podClass, node, count);
      packed.push({ item, node, count });
      left -= count;
      if (left === 0) break;
    }
    return true;
  }

  /** @param mostHere most pods that the candidate at `start` may get if it is a twin of the one before */
  function spread(
    index: number,
    candidates: readonly Candidate[],
    start: number,
    left: number,
    mostHere: number,
  ): boolean {
    if (left === 0) return packFrom(index + 1);
    const item = items[index] as PackingItem;
    let most = mostHere;
    for (let at = start; at < candidates.length; at++) {
      const { node, fit, roomFromHere, isTwin } = candidates[at] as Candidate;
      if (left > roomFromHere) return false;
      if (!isTwin) most = Number.POSITIVE_INFINITY;
      for (let count = Math.min(fit, left, most); count > 0; count--) {
        if (budget.left <= 0) return false;
        budget.left--;
        const undo = place(index, node, count);
        if (undo.fits) {
          packed.push({ item, node, count });
          if (spread(index, candidates, at + 1, left - count, count)) return true;
          packed.pop();
        }
        undo.run();
      }
      // Nothing here: then nothing on its twins either, for what they could get was tried here.
      most = 0;
    }
    return false;
  }

  /** Takes the resources and keeps the room of later items up to date. */
  function place(index: number, node: number, count: number): { fits: boolean; run: () => void } {
    const { podClass } = items[index] as PackingItem;
    const lost: Array<[number, number]> = [];
    for (let later = index + 1; later < items.length; later++) {
      if (allowed[later]?.has(node)) lost.push([later, usefulFit(items[later] as PackingItem, node)]);
    }
    take(podClass, node, count);
    let fits = true;
    for (const change of lost) {
      const [later, before] = change;
      const laterItem = items[later] as PackingItem;
      change[1] = before - usefulFit(laterItem, node);
      room[later] = (room[later] as number) - change[1];
      fits &&= (room[later] as number) >= laterItem.count;
    }
    const run = () => {
      take(podClass, node, -count);
      for (const [later, difference] of lost) room[later] = (room[later] as number) + difference;
    };
    return { fits, run };
  }

  /** Nodes with room for the item: fewest pods first, so that whole nodes stay for others; twins beside each other. */
  function candidatesOf(index: number): Candidate[] {
    const item = items[index] as PackingItem;
    const rest = items.slice(index);
    const found = [...item.nodes]
      .map((node) => ({ node, fit: usefulFit(item, node) }))
      .filter(({ fit }) => fit > 0)
      .map((entry) => ({ ...entry, likeness: likenessOf(entry.node, index, rest) }))
      .sort((a, b) => a.fit - b.fit || compare(a.likeness, b.likeness) || a.node - b.node);
    const candidates: Candidate[] = [];
    let roomFromHere = 0;
    for (let at = found.length - 1; at >= 0; at--) {
      const { node, fit, likeness } = found[at] as (typeof found)[number];
      roomFromHere += fit;
      candidates.push({ node, fit, roomFromHere, isTwin: at > 0 && found[at - 1]?.likeness === likeness });
    }
    return candidates.reverse();
  }

  /** Equal for nodes that no item still to be packed can tell apart. */
  function likenessOf(node: number, index: number, rest: readonly PackingItem[]): string {
    return rest
      .map(({ podClass }, i) =>
        allowed[index + i]?.has(node) ? podClass.resources.map(({ free }) => free[node]).join(' ') : '-',
      )
      .join('|');
  }
}

/** How many pods of an item its nodes have room for, all other items aside. */
export function roomOf(item: PackingItem): number {
  let room = 0;
  for (const node of item.nodes) room += usefulFit(item, node);
  return room;
}

/** More room on one node than all pods of the item need is of no use. */
function usefulFit({ podClass, count }: PackingItem, node: number): number {
  return Math.min(count, fitOf(podClass, node));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
