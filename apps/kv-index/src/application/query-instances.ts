import type { PrefixIndex } from '@penstock/core/kv';
import type { InstanceRegistry } from './instance-registry.js';
import type { KnownEngine } from './known-engine.js';
import { type MediaMatch, matchMedia } from './match-media.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';
import { type EngineMatch, matchEngines } from './score-endpoints.js';

/** Tenant of engines that the cluster has, and of registrations that name none. */
export const DEFAULT_TENANT = 'default';

export interface InstanceQuery {
  readonly tenantId: string;
  /** Absent = every instance of the tenant. */
  readonly instanceId?: string | undefined;
  readonly prompt: PromptQuery;
}

export interface InstanceMatch {
  readonly instanceId: string;
  /** By data-parallel rank. */
  readonly ranks: ReadonlyMap<number, MediaMatch>;
}

export interface InstanceSource {
  readonly index: PrefixIndex;
  readonly engines: Iterable<KnownEngine>;
  readonly registry: InstanceRegistry;
}

/** What each instance of a tenant that serves the model holds of a prompt, in tokens, by rank and medium. */
export async function queryInstances(
  { index, engines, registry }: InstanceSource,
  { tenantId, instanceId, prompt }: InstanceQuery,
): Promise<InstanceMatch[]> {
  const asked = ranksOf(engines, registry)
    .filter(({ engine }) => engine.model === prompt.model)
    .filter((rank) => rank.tenantId === tenantId && (!instanceId || rank.instanceId === instanceId));
  const matches = matchEngines(
    index,
    asked.map(({ engine }) => engine),
    prompt,
  );
  return groupRanks(asked, await mediaOf(index, prompt, matches));
}

/** A data-parallel rank of an instance, and the engine it is followed as. */
export interface InstanceRank {
  readonly tenantId: string;
  readonly instanceId: string;
  readonly rank: number;
  readonly engine: KnownEngine;
}

/** Every rank there is: of registered instances, and of engines that the cluster has, by `<namespace>/<pod>`. */
export function ranksOf(engines: Iterable<KnownEngine>, registry: InstanceRegistry): InstanceRank[] {
  const registered = new Map(registry.registrations().map((one) => [registry.engineIdOf(one), one]));
  return Array.from(engines, (engine) => {
    const registration = registered.get(engine.engineId);
    if (registration) {
      const { tenantId, instanceId, dpRank: rank } = registration;
      return { tenantId, instanceId, rank, engine };
    }
    const { namespace, pod, rank } = engine.endpoint;
    return { tenantId: DEFAULT_TENANT, instanceId: `${namespace}/${pod}`, rank, engine };
  });
}

function groupRanks(asked: readonly InstanceRank[], media: readonly MediaMatch[]): InstanceMatch[] {
  const byInstance = new Map<string, Map<number, MediaMatch>>();
  for (const [i, { instanceId, rank }] of asked.entries()) {
    const ranks = byInstance.get(instanceId) ?? new Map<number, MediaMatch>();
    ranks.set(rank, media[i] as MediaMatch);
    byInstance.set(instanceId, ranks);
  }
  return Array.from(byInstance, ([instanceId, ranks]) => ({ instanceId, ranks }));
}

function mediaOf(index: PrefixIndex, prompt: PromptQuery, matches: readonly EngineMatch[]) {
  const bySize = new Map<number, BigUint64Array>();
  return matchMedia(
    index,
    ({ engine: { blockSize } }) => {
      const keys = bySize.get(blockSize) ?? keysFor(prompt, blockSize).keys;
      bySize.set(blockSize, keys);
      return keys;
    },
    matches,
  );
}
