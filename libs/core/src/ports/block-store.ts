import type { EngineBlocks } from '../kv/types.js';

/** One coalesced change of an engine's cache, as stored: what a takeover needs to continue ingest. */
export interface StoredDelta {
  readonly engineId: string;
  readonly incarnation: number;
  /** Delta sequence within the incarnation, from 1, without holes. */
  readonly sequence: number;
  /** Last engine batch sequence contained in it. */
  readonly engineSequence: number;
  /** As in `KvDelta`. */
  readonly windowBlocks?: number;
  readonly changes: EngineBlocks;
  /** Engine hashes (low 64 bits) removed, per tier and window (as in `TierBlocks`). */
  readonly removed: ReadonlyArray<{
    readonly tier: string;
    readonly window?: boolean;
    readonly engineHashes: BigUint64Array;
  }>;
  readonly cleared: boolean;
}

export interface StoredEngine {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  readonly engineSequence: number;
  /** Facts of the ingester about the engine (model, block size, pod uid, …), as it wrote them. */
  readonly facts: Readonly<Record<string, string>>;
  /** Of the last delta. */
  readonly windowBlocks?: number;
  readonly blocks: EngineBlocks;
}

/** Engine caches kept outside the process so that a new replica starts warm. May be flushed at any time. */
export interface BlockStore {
  /** Identity of the store's content: changes when some of it may be lost, by a flush, a restart or a failover. */
  epoch(): Promise<string>;
  /** Ids of every engine of a pool that has stored state. */
  engines(namespace: string, pool: string): Promise<string[]>;
  load(namespace: string, pool: string, engineId: string): Promise<StoredEngine | undefined>;
  /**
   * Every engine of a pool that has stored state, in no order, a few read ahead: for the warm-up of a replica. What is
   * appended meanwhile may or may not be contained; damaged engines are left out. Throws when the store goes on failing.
   */
  loadPool(namespace: string, pool: string): AsyncIterable<StoredEngine>;
  /**
   * Appends; refused (returns false) when the store's (incarnation, sequence) is not the one before it. Calls of one
   * tick, also for several engines, travel together.
   */
  append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean>;
  /** Replaces all stored state of the engine, unless the store already holds a newer one. */
  replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean>;
  /**
   * Forgets the engine, unless a newer life than `incarnation` is stored; absent: whatever life is stored. Older lives
   * than the removed one are refused for some minutes.
   */
  remove(namespace: string, pool: string, engineId: string, incarnation?: number): Promise<void>;
  /** Exercises the real write path; throws with the reason when it does not work. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
