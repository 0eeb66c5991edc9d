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

/** Blocks by key, each with 32 bits of a second hash by which two blocks of one key are told apart; 0 = not known. */
export interface KeyList {
  readonly keys: BigUint64Array;
  /** As long as `keys`; absent = none known. */
  readonly checks?: Uint32Array;
}

/** Blocks of one engine: `engineHashes[i]` (low 64 bits of the engine's hash) is our key `keys[i]`. */
export interface TierBlocks extends KeyList {
  readonly tier: Tier;
  readonly engineHashes: BigUint64Array;
  /** Absent: every dense attention group holds them. True: every sliding-window group does (`KvDelta.windowBlocks`). */
  readonly window?: boolean;
}
export type EngineBlocks = readonly TierBlocks[];

/** A coalesced change of one engine's cache. Apply order: cleared, removed, stored. */
export interface KvDelta {
  readonly engineId: string;
  readonly incarnation: number;
  /** Within the incarnation: first is 1, no holes. */
  readonly sequence: number;
  readonly cleared: boolean;
  /**
   * Of a hybrid model: how many blocks before a position its sliding-window groups need to go on from there. 0 or absent:
   * every group is dense.
   */
  readonly windowBlocks?: number;
  readonly changes: ReadonlyArray<{
    readonly tier: Tier;
    /** As in `TierBlocks`. */
    readonly window?: boolean;
    readonly stored: BigUint64Array;
    /** Check bits of `stored`, as in `KeyList`. */
    readonly storedChecks?: Uint32Array;
    readonly removed: BigUint64Array;
  }>;
}

/** Everything an engine holds after delta `sequence`. */
export interface KvSnapshot {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  /** As in `KvDelta`. */
  readonly windowBlocks?: number;
  readonly tiers: ReadonlyArray<KeyList & { readonly tier: Tier; readonly window?: boolean }>;
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
