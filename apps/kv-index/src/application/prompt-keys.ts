import { blockKeys, namespaceSeed } from '@penstock/core/kv';

/** A prompt asked about: token ids of a namespace, or block keys that the caller computed. */
export interface PromptQuery {
  /** Served name of the base model; empty only with `keys`: then engines of any model are looked at. */
  readonly model: string;
  readonly tenant: string;
  readonly lora: string;
  readonly cacheSalt: string;
  readonly tokenIds: readonly number[];
  readonly keys?: BigUint64Array;
  /** Tokens per block; 0: each engine's own. */
  readonly blockSize: number;
}

/** Keys of the prompt's full blocks for engines with this block size, none when their blocks cannot be the prompt's. */
export function keysFor(query: PromptQuery, blockSize: number): BigUint64Array {
  if (blockSize === 0 || (query.blockSize !== 0 && query.blockSize !== blockSize))
    return new BigUint64Array(0);
  if (query.keys) return query.keys;
  const { model, tenant, lora, cacheSalt, tokenIds } = query;
  return blockKeys(namespaceSeed({ model, blockSize, tenant, lora, cacheSalt }), tokenIds, blockSize);
}
