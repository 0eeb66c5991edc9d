import type { Landmark } from './batch-order.js';
import type { CacheGroup } from './cache-groups.js';
import type { EngineBlocks } from './types.js';

export interface EngineCacheOptions {
  readonly engineId: string;
  /** Served name of the base model: part of every key. */
  readonly model: string;
  /** Tokens per block; learned from the first stored events when absent. */
  readonly blockSize?: number;
  /** Incarnations of this engine used before, if known: the cache begins with a larger one. */
  readonly incarnationAfter?: number;
  /** Blocks kept from an earlier process; nothing of them is published before a replay proves the engine's life the same. */
  readonly restored?: RestoredCache;
  /**
   * Another process followed this engine until now: what it published stays in force until the first replay has ended or
   * shows another life, and then the first delta replaces all of it at once. Without it the first delta comes at once.
   */
  readonly takesOver?: boolean;
  readonly maxOrphanBlocks?: number;
  /** Whether files that the engine announces on storage wait for `takeFiles`; else it counts as their holder. */
  readonly collectFiles?: boolean;
  /** Live batches kept while a replay is under way. */
  readonly maxParkedBatches?: number;
}

/** What one process hands to the next that follows the same engine (`EngineCache.published`), itself or through a store. */
export interface RestoredCache {
  readonly blocks: EngineBlocks;
  /** Last engine batch contained in `blocks`. */
  readonly engineSequence: number;
  /** A batch of that life, not after `engineSequence`. */
  readonly landmark: Landmark;
  /** Groups of the engine (`EngineCache.groups`); may be absent when there are none or one. */
  readonly groups?: readonly CacheGroup[];
}
