import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import type { FleetPool } from './fleet.js';

export interface PrefixKeys {
  readonly keys: BigUint64Array;
  readonly blockSize: number;
}

const seeds = new Map<string, bigint>();
const MAX_SEEDS = 1000;

/**
 * Keys of a prompt's full blocks in the key space of a pool's engines; undefined while no engine of the pool
 * said its model and block size. LoRA adapters have key spaces of their own.
 */
export function prefixKeys(
  pool: FleetPool,
  targetModel: string,
  tokenIds: ArrayLike<number>,
  cacheSalt: string | undefined,
): PrefixKeys | undefined {
  const engine = pool.endpoints.find((e) => e.blockSize > 0 && e.baseModel !== undefined);
  if (!engine?.baseModel) return undefined;
  const { baseModel, blockSize } = engine;
  const lora = engine.adapters.has(targetModel) ? targetModel : undefined;
  return { keys: blockKeys(seedOf(baseModel, blockSize, lora, cacheSalt), tokenIds, blockSize), blockSize };
}

/** Salted namespaces are not remembered: there may be one per tenant or request. */
function seedOf(
  model: string,
  blockSize: number,
  lora: string | undefined,
  cacheSalt: string | undefined,
): bigint {
  const namespace = { model, blockSize, ...(lora ? { lora } : {}), ...(cacheSalt ? { cacheSalt } : {}) };
  if (cacheSalt) return namespaceSeed(namespace);
  const id = JSON.stringify([model, blockSize, lora]);
  let seed = seeds.get(id);
  if (seed === undefined) {
    seed = namespaceSeed(namespace);
    if (seeds.size < MAX_SEEDS) seeds.set(id, seed);
  }
  return seed;
}
