/** Why a stored or removed event was not used. */
export type SkipReason =
  /** A medium that is none of our tiers. */
  | 'unknown-tier'
  /** Attention that does not need every block of a prefix (sliding window, Mamba). */
  | 'attention-kind'
  /** A further group of a hybrid model; the first dense group stands for the engine. */
  | 'group'
  /** Another block size than the engine's. */
  | 'block-size'
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
    droppedBatches: 0,
    gaps: 0,
    restarts: 0,
    fences: 0,
    replays: 0,
    failedReplays: 0,
    truncatedReplays: 0,
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
      'not-dense': 0,
      'file-unknown-block': 0,
      'file-unnamed': 0,
    },
  };
}
