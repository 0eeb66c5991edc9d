import { type EngineFacts, isUsable } from './engine-facts.js';
import type { Replica, Variant } from './variant.js';

/** Load of one replica: the sum over its engines. */
export interface ReplicaLoad {
  readonly replica: Replica;
  /** Name in memories: its first pod. */
  readonly id: string;
  readonly inUseTokens: number;
  readonly waiting: number;
  readonly running: number;
  /** 0 where no engine says it. */
  readonly kvCapacityTokens: number;
}

/** Usable engine facts by the pod they are of. */
export function factsByPod(engines: readonly EngineFacts[]): ReadonlyMap<string, readonly EngineFacts[]> {
  const byPod = new Map<string, EngineFacts[]>();
  for (const facts of engines) {
    if (!isUsable(facts)) continue;
    const pod = facts.engine.split('#', 1)[0]!;
    const known = byPod.get(pod);
    if (known) known.push(facts);
    else byPod.set(pod, [facts]);
  }
  return byPod;
}

/**
 * Loads of the replicas of a variant; replicas of which no engine is known are left out. In a replica that has both
 * kinds, prefill engines do not count: they hold a prompt only until it is handed over, so that their room is none.
 */
export function replicaLoads(
  variant: Variant,
  byPod: ReadonlyMap<string, readonly EngineFacts[]>,
): ReplicaLoad[] {
  return variant.replicas.flatMap((replica) => {
    const engines = replica.pods
      .flatMap((pod) => byPod.get(pod) ?? [])
      .filter((facts) => variant.role === 'prefill' || facts.role !== 'prefill');
    if (engines.length === 0) return [];
    const sum = (of: (facts: EngineFacts) => number) =>
      engines.reduce((total, facts) => total + of(facts), 0);
    return {
      replica,
      id: replica.pods[0] ?? '',
      inUseTokens: sum((facts) => facts.kvUsage * facts.kvCapacityTokens),
      waiting: sum((facts) => facts.waiting),
      running: sum((facts) => facts.running),
      kvCapacityTokens: sum((facts) => facts.kvCapacityTokens),
    };
  });
}
