import { type ChainPoint, type KeyList, namespaceRoot } from '@penstock/core/kv';
import type { FleetEndpoint, FleetPool } from './fleet.js';
import { KeyMemo } from './key-memo.js';

export interface PrefixKeys extends KeyList {
  readonly blockSize: number;
}

/** Keys of one prompt for the engines of a pool, whatever their block sizes. */
export interface PoolKeys {
  /** Of the first engine that said its block size; guesses, which are about all engines, go by these. */
  readonly first: PrefixKeys;
  /** As `first` while the engine has not said its block size. */
  of(endpoint: FleetEndpoint): PrefixKeys;
}

const MAX_ROOTS = 1000;

/** Makes block keys of prompts, each part of a prompt once. */
export class PrefixKeyMaker {
  private readonly roots = new Map<string, ChainPoint>();

  constructor(private readonly memo = new KeyMemo()) {}

  /** As in `KeyMemo`. */
  get counts(): KeyMemo['counts'] {
    return this.memo.counts;
  }

  /**
   * Keys of a prompt's full blocks in the key spaces of a pool's engines, once per block size; undefined while no engine
   * of the pool said its model and block size. LoRA adapters have key spaces of their own.
   */
  keys(
    pool: FleetPool,
    targetModel: string,
    tokenIds: Uint32Array,
    cacheSalt: string | undefined,
  ): PoolKeys | undefined {
    const engine = pool.endpoints.find((e) => e.blockSize > 0 && e.baseModel !== undefined);
    if (!engine?.baseModel) return undefined;
    const { baseModel, adapters } = engine;
    const lora = adapters.has(targetModel) ? targetModel : undefined;
    const made = new Map<number, PrefixKeys>();
    const bySize = (blockSize: number): PrefixKeys => {
      let keys = made.get(blockSize);
      if (!keys) {
        const root = this.root(baseModel, blockSize, lora, cacheSalt);
        keys = { ...this.memo.keys(root, tokenIds, blockSize), blockSize };
        made.set(blockSize, keys);
      }
      return keys;
    };
    const first = bySize(engine.blockSize);
    return { first, of: ({ blockSize }) => (blockSize > 0 ? bySize(blockSize) : first) };
  }

  /** Salted namespaces are not remembered: there may be one per tenant or request. */
  private root(
    model: string,
    blockSize: number,
    lora: string | undefined,
    cacheSalt: string | undefined,
  ): ChainPoint {
    const namespace = { model, blockSize, ...(lora ? { lora } : {}), ...(cacheSalt ? { cacheSalt } : {}) };
    if (cacheSalt) return namespaceRoot(namespace);
    const id = JSON.stringify([model, blockSize, lora]);
    let root = this.roots.get(id);
    if (root === undefined) {
      root = namespaceRoot(namespace);
      if (this.roots.size < MAX_ROOTS) this.roots.set(id, root);
    }
    return root;
  }
}
