/** Why a stored or removed event was not used. */
export type SkipReason =
  /** A medium that is none of our tiers. */
  | 'unknown-tier'
  /** A group whose use cannot be told from blocks (Mamba state, cross attention, kinds we do not know). */
  | 'attention-kind'
  /** More groups than a model has. */
  | 'group'
  /** A block size that is not the group's, or that does not fit the engine's. */
  | 'block-size'
  /** Another block has the same key: their check bits differ. */
  | 'key-taken'
  /** Tokens and hashes do not match in number. */
  | 'not-dense'
  /** A file on storage with a block that is not known: without all its keys nobody can use it. */
  | 'file-unknown-block'
  /** A file on storage of an engine that does not send whole digests: its name is not known. */
  | 'file-unnamed';

/** What happened to one engine's events since the cache was made. Monotonic. */
export interface EngineCacheCounters {
  batches: number;
  duplicateBatches: number;
  /** Batches that came so late that the engine itself no longer knows them. */
  staleBatches: number;
  /** Live batches that did not fit while a replay was under way. */
  droppedBatches: number;
  gaps: number;
  restarts: number;
  /** Times everything known was given up and a new incarnation began. */
  fences: number;
  replays: number;
  failedReplays: number;
  /** Replays that no longer reached back far enough. */
  truncatedReplays: number;
  /** Batches of another data-parallel rank than the stream's first: their events were not used. */
  foreignRanks: number;
  clears: number;
  storedBlocks: number;
  /** Announced again while held. */
  repeatedBlocks: number;
  removedBlocks: number;
  unknownRemovals: number;
  /** Announced without tokens and not known. */
  unknownPlacements: number;
  orphansParked: number;
  orphansAdopted: number;
  orphansDropped: number;
  readonly skipped: Record<SkipReason, number>;
}

export function emptyCounters(): EngineCacheCounters {
  return {
    batches: 0,
    duplicateBatches: 0,
    staleBatches: 0,
    droppedBatches: 0,
    gaps: 0,
    restarts: 0,
    fences: 0,
    replays: 0,
    failedReplays: 0,
    truncatedReplays: 0,
    foreignRanks: 0,
    clears: 0,
    storedBlocks: 0,
    repeatedBlocks: 0,
    removedBlocks: 0,
    unknownRemovals: 0,
    unknownPlacements: 0,
    orphansParked: 0,
    orphansAdopted: 0,
    orphansDropped: 0,
    skipped: {
      'unknown-tier': 0,
      'attention-kind': 0,
      group: 0,
      'block-size': 0,
      'key-taken': 0,
      'not-dense': 0,
      'file-unknown-block': 0,
      'file-unnamed': 0,
    },
  };
}
