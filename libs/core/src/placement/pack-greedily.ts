import type { Packed, PackingItem } from './packing-task.js';
import { fitOf, take } from './pod-class.js';

export interface GreedyOptions {
  /** What is left of the resource that nodes are compared by, and what they have, by node index. */
  readonly scarceFree: Float64Array;
  readonly scarceTotal: Float64Array;
  readonly scarce: string;
  /** Rotates the order of nodes that are equal. */
  readonly seed: number;
}

/**
 * Best fit: pods of an item go, as many as possible at a time, to the node that keeps least of the scarce resource;
 * among those to one that takes all that are left, then to the one that had least, so that large holes stay. Pods that
 * need none of it go to nodes that never had any first. Takes what it gives out; `undoPacking` gives it back.
 * @returns what was packed, how many pods that is, and the first item that did not fit whole
 */
export function packGreedily(
  items: readonly PackingItem[],
  options: GreedyOptions,
): { packed: Packed[]; pods: number; short: PackingItem | undefined } {
  const packed: Packed[] = [];
  let pods = 0;
  let short: PackingItem | undefined;
  for (const item of items) {
    const count = packItem(item, options, packed);
    pods += count;
    if (count < item.count) short ??= item;
  }
  return { packed, pods, short };
}

/** Packs as many pods of one item as fit, appends them, and returns how many. */
function packItem(item: PackingItem, options: GreedyOptions, packed: Packed[]): number {
  const { podClass, nodes, count } = item;
  const { scarceFree, scarceTotal, scarce, seed } = options;
  const amount = podClass.resources.find(({ name }) => name === scarce)?.amount ?? 0;
  const offset = scarceFree.length > 0 ? seed % scarceFree.length : 0;
  const fits = Float64Array.from(nodes, (node) => Math.min(count, fitOf(podClass, node)));
  const frees = Float64Array.from(nodes, (node) => scarceFree[node] as number);
  /** Nodes that do not suit the pods come last. */
  const unsuited = Float64Array.from(nodes, (node) => (amount > 0 ? 0 : (scarceTotal[node] as number)));
  const turns = Float64Array.from(nodes, (node) => (node < offset ? node + scarceFree.length : node));
  let left = count;
  while (left > 0) {
    let best = -1;
    let bestFit = 0;
    let bestKeeps = 0;
    for (let i = 0; i < fits.length; i++) {
      const fit = Math.min(fits[i] as number, left);
      if (fit === 0) continue;
      const keeps = (frees[i] as number) - fit * amount;
      if (best >= 0) {
        let order = (unsuited[i] as number) - (unsuited[best] as number);
        if (order === 0) order = keeps - bestKeeps;
        if (order === 0) order = Number(bestFit === left) - Number(fit === left);
        if (order === 0) order = (frees[i] as number) - (frees[best] as number);
        if (order === 0) order = (turns[i] as number) - (turns[best] as number);
        if (order > 0) continue;
      }
      best = i;
      bestFit = fit;
      bestKeeps = keeps;
    }
    if (best < 0) break;
    const node = nodes[best] as number;
    take(podClass, node, bestFit);
    packed.push({ item, node, count: bestFit });
    fits[best] = 0;
    left -= bestFit;
  }
  return count - left;
}

export function undoPacking(packed: readonly Packed[]): void {
  for (const { item, node, count } of packed) take(item.podClass, node, -count);
}
