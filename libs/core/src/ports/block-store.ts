import type { EngineBlocks } from '../kv/types.js';

/** One coalesced change of an engine's cache, as stored: what a takeover needs to continue ingest. */
export interface StoredDelta {
  readonly engineId: string;
  readonly incarnation: number;
  /** Delta sequence within the incarnation, from 1, without holes. */
  readonly sequence: number;
  /** Last engine batch sequence contained in it. */
  readonly engineSequence: number;
  readonly changes: EngineBlocks;
  /** Engine hashes (low 64 bits) removed, per tier. */
  readonly removed: ReadonlyArray<{ readonly tier: string; readonly engineHashes: BigUint64Array }>;
  readonly cleared: boolean;
}

export interface StoredEngine {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  readonly engineSequence: number;
  /** Facts of the ingester about the engine (model, block size, pod uid, …), as it wrote them. */
  readonly facts: Readonly<Record<string, string>>;
  readonly blocks: EngineBlocks;
}

/** Engine caches kept outside the process so that a new replica starts warm. May be flushed at any time. */
export interface BlockStore {
  /** Identity of the store's content: changes after a flush or a failover to an empty replica. */
  epoch(): Promise<string>;
  /** Ids of every engine of a pool that has stored state. */
  engines(namespace: string, pool: string): Promise<string[]>;
  load(namespace: string, pool: string, engineId: string): Promise<StoredEngine | undefined>;
  /** Appends; refused (returns false) when the store's (incarnation, sequence) is not the one before it. */
  append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean>;
  /** Replaces all stored state of the engine, unless the store already holds a newer one. */
  replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean>;
  remove(namespace: string, pool: string, engineId: string): Promise<void>;
  /** Exercises the real write path; throws with the reason when it does not work. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
