import { type EngineFacts, isUsable } from './engine-facts.js';
import type { Replica } from './variant.js';

/**
 * The replicas to drain, least loaded first; one of which nothing is known counts as full. At equal load the last of the
 * list goes first, so that the oldest caches stay.
 */
export function chooseVictims(
  replicas: readonly Replica[],
  engines: readonly EngineFacts[],
  count: number,
): Replica[] {
  const load = new Map<string, number>();
  for (const facts of engines) {
    if (!isUsable(facts)) continue;
    const pod = facts.engine.split('#', 1)[0]!;
    load.set(pod, (load.get(pod) ?? 0) + facts.running + facts.waiting + facts.kvUsage);
  }
  const loadOf = (replica: Replica): number => {
    const known = replica.pods.flatMap((pod) => load.get(pod) ?? []);
    return known.length === 0 ? Number.MAX_VALUE : known.reduce((sum, value) => sum + value, 0);
  };
  return replicas
    .map((replica, index) => ({ replica, index, load: loadOf(replica) }))
    .filter(({ replica }) => !replica.draining)
    .sort((a, b) => a.load - b.load || b.index - a.index)
    .slice(0, count)
    .map(({ replica }) => replica);
}
