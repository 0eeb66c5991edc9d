/** Where a block lives. The index in `TIERS` is its number on the wire. */
export const TIERS = ['gpu', 'cpu', 'ssd', 's3'] as const;
export type Tier = (typeof TIERS)[number];

/** What makes two equal token sequences different cache content. */
export interface KeyNamespace {
  readonly model: string;
  readonly blockSize: number;
  readonly tenant?: string;
  readonly lora?: string;
  readonly cacheSalt?: string;
}

/** Blocks of one engine: `engineHashes[i]` (low 64 bits of the engine's hash) is our key `keys[i]`. */
export interface TierBlocks {
  readonly tier: Tier;
  readonly engineHashes: BigUint64Array;
  readonly keys: BigUint64Array;
}
export type EngineBlocks = readonly TierBlocks[];

/** A coalesced change of one engine's cache. Apply order: cleared, removed, stored. */
export interface KvDelta {
  readonly engineId: string;
  readonly incarnation: number;
  /** Within the incarnation: first is 1, no holes. */
  readonly sequence: number;
  readonly cleared: boolean;
  readonly changes: ReadonlyArray<{
    readonly tier: Tier;
    readonly stored: BigUint64Array;
    readonly removed: BigUint64Array;
  }>;
}

/** Everything an engine holds after delta `sequence`. */
export interface KvSnapshot {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  readonly tiers: ReadonlyArray<{ readonly tier: Tier; readonly keys: BigUint64Array }>;
}

/** Longest contiguous prefix one engine holds, in blocks; `byTier[i]` counts blocks whose best tier is `TIERS[i]`. */
export interface PrefixMatch {
  readonly engineId: string;
  readonly blocks: number;
  readonly byTier: readonly number[];
}

/** An engine and the storage that its node and pool offer it. */
export interface EngineHolders {
  readonly engineId: string;
  /** Names from `nodeHolder` and `objectStoreHolder`. */
  readonly holders: readonly string[];
}

/** `PrefixMatch` that goes on in storage where the engine's own prefix ends. */
export interface TieredMatch extends PrefixMatch {
  /** Blocks that the engine itself holds; those behind them, up to `blocks`, come from storage. */
  readonly ownBlocks: number;
}

/** Keys on one tier. */
export interface TierKeys {
  readonly tier: Tier;
  readonly keys: BigUint64Array;
}
