import { type KeyList, namespaceRoot, type PromptItem, promptBlocks, promptExtras } from '@penstock/core/kv';

/** A prompt asked about: token ids of a namespace, or block keys that the caller computed. */
export interface PromptQuery {
  /** Served name of the base model; empty only with `keys`: then engines of any model are looked at. */
  readonly model: string;
  readonly tenant: string;
  readonly lora: string;
  readonly cacheSalt: string;
  readonly tokenIds: ArrayLike<number>;
  /** Multimodal items among the tokens, by position. */
  readonly items?: readonly PromptItem[];
  readonly keys?: KeyList;
  /** Tokens per block; 0: each engine's own. */
  readonly blockSize: number;
}

const NONE: KeyList = { keys: new BigUint64Array(0) };

/** Keys of the prompt's full blocks for engines with this block size, none when their blocks cannot be the prompt's. */
export function keysFor(query: PromptQuery, blockSize: number): KeyList {
  if (blockSize === 0 || (query.blockSize !== 0 && query.blockSize !== blockSize)) return NONE;
  if (query.keys) return query.keys;
  const { model, tenant, lora, cacheSalt, tokenIds, items = [] } = query;
  const root = namespaceRoot({ model, blockSize, tenant, lora, cacheSalt });
  const extras = items.length > 0 ? promptExtras(items, tokenIds.length, blockSize) : [];
  return promptBlocks(root, tokenIds, blockSize, root, extras);
}
