import type { EngineBatch } from './engine-events.js';

/** How a batch relates to the ones before it. */
export type BatchPlace = 'next' | 'duplicate' | 'gap' | 'restart';

/** Proof of an engine's life: the batch with this sequence had this mark. */
export interface Landmark {
  readonly sequence: number;
  readonly mark: string;
}

const REMEMBERED = 256;
const LANDMARK_BATCHES_BACK = 32;

/**
 * Position in one engine's event stream. Sequence numbers alone cannot tell a repeated batch from a new life of the
 * engine that reached the same number, so every batch has a mark made of its content.
 */
export class BatchOrder {
  private lastSequence = -1;
  private readonly marks = new Map<number, string>();

  /** Sequence of the last batch taken; -1 before the first. */
  get last(): number {
    return this.lastSequence;
  }

  /**
   * A batch to recognise the engine's life by; undefined when none is known. Not the newest: that one may already be of
   * a new life which happened to continue the old one's numbers.
   */
  get landmark(): Landmark | undefined {
    const newest = this.lastSequence - LANDMARK_BATCHES_BACK;
    for (let sequence = newest; sequence >= 0 && sequence > newest - REMEMBERED; sequence--) {
      const mark = this.marks.get(sequence);
      if (mark !== undefined) return { sequence, mark };
    }
    const [oldest] = this.marks;
    return oldest && { sequence: oldest[0], mark: oldest[1] };
  }

  place(batch: EngineBatch): BatchPlace {
    if (batch.sequence === this.lastSequence + 1) return 'next';
    if (batch.sequence > this.lastSequence) return 'gap';
    return this.marks.get(batch.sequence) === markOf(batch) ? 'duplicate' : 'restart';
  }

  /** Whether the batch taken under this number is known to have been another one. */
  contradicts(batch: EngineBatch): boolean {
    const mark = this.marks.get(batch.sequence);
    return mark !== undefined && mark !== markOf(batch);
  }

  /** Notes a batch that was already contained in what is known. */
  recall(batch: EngineBatch): void {
    this.remember(batch.sequence, markOf(batch));
  }

  /** Continues at `batch`, whatever came before. */
  take(batch: EngineBatch): void {
    this.lastSequence = batch.sequence;
    this.remember(batch.sequence, markOf(batch));
  }

  /** Continues after a batch known only by its number; -1: from the start. */
  resume(sequence: number): void {
    this.lastSequence = sequence;
    this.marks.clear();
  }

  private remember(sequence: number, mark: string): void {
    if (this.marks.has(sequence)) return;
    this.marks.set(sequence, mark);
    if (this.marks.size > REMEMBERED) this.marks.delete(this.marks.keys().next().value as number);
  }
}

/** Identity of a batch: its time, its size and its first block. Two lives of an engine do not share it in practice. */
export function markOf(batch: EngineBatch): string {
  const [event] = batch.events;
  const first = event && event.type !== 'cleared' ? event.hashes[0] : undefined;
  return `${batch.timestampMs}/${batch.events.length}/${event?.type ?? ''}/${first?.toString(16) ?? ''}`;
}
