import type { StoredDelta } from '../ports/block-store.js';
import type { Landmark } from './batch-order.js';
import type { LedgerChanges } from './block-ledger.js';
import type { KvDelta } from './types.js';

/** A coalesced change: for the replicas, and for the block store. Both have the same sequence. */
export interface EngineDelta {
  readonly delta: KvDelta;
  readonly stored: StoredDelta;
}

/** What the published state contained when its last delta was taken. */
export interface PublishedContent {
  /** Last engine batch in it; -1: none. */
  readonly engineSequence: number;
  /** Proof of the engine's life at that time. */
  readonly landmark: Landmark | undefined;
  /** As in `KvDelta`. */
  readonly windowBlocks: number;
}

const NOTHING: PublishedContent = { engineSequence: -1, landmark: undefined, windowBlocks: 0 };

/** The incarnation in which one engine's deltas are published, and how far they got. */
export class PublishedLife {
  /** Last delta; 0 before the first. */
  sequence = 0;
  content = NOTHING;

  /** @param incarnation the first one */
  constructor(
    readonly engineId: string,
    public incarnation: number,
  ) {}

  /** Whether the first delta, which ends the incarnation before, is still to come. */
  get isNew(): boolean {
    return this.sequence === 0;
  }

  /** Begins the next incarnation; they are made of the time so that they grow without being stored anywhere. */
  begin(nowMs: number): void {
    this.incarnation = Math.max(this.incarnation + 1, Math.floor(nowMs));
    this.sequence = 0;
    this.content = NOTHING;
  }

  /** The next delta; without changes only what ends the incarnation before. */
  next(changes: LedgerChanges | undefined): EngineDelta {
    const { engineId, incarnation, isNew } = this;
    const { engineSequence, windowBlocks } = this.content;
    const position = {
      engineId,
      incarnation,
      sequence: ++this.sequence,
      cleared: isNew || (changes?.cleared ?? false),
      ...(windowBlocks === 0 ? {} : { windowBlocks }),
    };
    return {
      delta: { ...position, changes: changes?.keys ?? [] },
      stored: {
        ...position,
        engineSequence,
        changes: changes?.stored ?? [],
        removed: changes?.removed ?? [],
      },
    };
  }
}
