import type { KeyList, ReadableIndex } from '@penstock/core/kv';
import { type InstanceRank, ranksOf } from './instance-ranks.js';
import type { InstanceRegistry } from './instance-registry.js';
import type { KnownEngine } from './known-engine.js';
import { matchEngines } from './match-engines.js';
import { type MediaMatch, matchMedia } from './match-media.js';

/** Which instances are asked about. */
export interface InstanceFilter {
  readonly model: string;
  readonly tenantId: string;
  /** Empty = every instance of the tenant. */
  readonly instanceId: string;
}

export interface InstanceMatch {
  readonly instanceId: string;
  /** By data-parallel rank. */
  readonly ranks: ReadonlyMap<number, MediaMatch>;
}

export interface InstanceSource {
  readonly index: ReadableIndex;
  readonly engines: Iterable<KnownEngine>;
  readonly registry: InstanceRegistry;
}

/** Ranks of the instances that a filter covers. */
export function askedFor(
  { engines, registry }: InstanceSource,
  { model, tenantId, instanceId }: InstanceFilter,
): InstanceRank[] {
  return ranksOf(engines, registry)
    .filter(({ engine }) => engine.model === model)
    .filter((one) => one.tenantId === tenantId && (!instanceId || one.instanceId === instanceId));
}

/** Where each of these ranks has the blocks of these keys, by instance. The keys for a block size are asked for once. */
export async function matchInstances(
  { index }: InstanceSource,
  asked: readonly InstanceRank[],
  keysOf: (blockSize: number) => KeyList,
): Promise<InstanceMatch[]> {
  const bySize = new Map<number, KeyList>();
  const keysOnce = (blockSize: number) => {
    const keys = bySize.get(blockSize) ?? keysOf(blockSize);
    bySize.set(blockSize, keys);
    return keys;
  };
  const matches = matchEngines(
    index,
    asked.map(({ engine }) => engine),
    keysOnce,
  );
  const media = await matchMedia(index, ({ engine }) => keysOnce(engine.blockSize).keys, matches);
  const byInstance = new Map<string, Map<number, MediaMatch>>();
  for (const [i, { instanceId, rank }] of asked.entries()) {
    const ranks = byInstance.get(instanceId) ?? new Map<number, MediaMatch>();
    byInstance.set(instanceId, ranks.set(rank, media[i] as MediaMatch));
  }
  return Array.from(byInstance, ([instanceId, ranks]) => ({ instanceId, ranks }));
}
