import { isHostPort } from './host-port.js';
import type { PodClass } from './pod-class.js';

/**
 * The resource that a gang is packed by: devices (names with a slash) before all others, then the one of which the
 * gang takes the largest part of what is free on the nodes it may use.
 */
export function scarceResource(classes: readonly PodClass[]): string {
  const demand = new Map<string, number>();
  const free = new Map<string, number>();
  for (const { resources, needed, extra, eligibility } of classes) {
    const pods = needed.length || extra.length;
    for (const { name, amount, free: column } of resources) {
      if (isHostPort(name)) continue;
      demand.set(name, (demand.get(name) ?? 0) + pods * amount);
      if (free.has(name)) continue;
      let total = 0;
      for (const node of eligibility.nodes) total += Math.max(0, column[node] as number);
      free.set(name, total);
    }
  }
  let best = 'pods';
  let bestShare = -1;
  for (const [name, amount] of [...demand].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const share = amount / Math.max(1, free.get(name) as number) + (name.includes('/') ? 1e9 : 0);
    if (share > bestShare) [best, bestShare] = [name, share];
  }
  return best;
}
