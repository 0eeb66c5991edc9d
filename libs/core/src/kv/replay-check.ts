import { type Landmark, markOf } from './batch-order.js';
import type { EngineBatch } from './engine-events.js';

/**
 * Judges the batches of one replay. A replay that continues known state starts at a batch already known, the landmark:
 * when the engine does not send exactly that batch first, it is another life or its buffer no longer reaches back.
 */
export class ReplayCheck {
  private begun = false;
  private proven: boolean;
  private foreign = false;
  private newest = -1;

  /** @param known last batch taken when the replay was asked for; -1: none */
  constructor(
    readonly landmark: Landmark | undefined,
    private known = -1,
  ) {
    this.proven = landmark === undefined;
  }

  get fromSequence(): number {
    return this.landmark?.sequence ?? 0;
  }

  /** Whether what is known still belongs to the engine, as far as the replay came. */
  get sameLife(): boolean {
    return this.proven && !this.foreign;
  }

  /**
   * Whether the whole replay lacks batches that were known: those came from another life, for an engine sends all from the
   * first one asked for.
   */
  get lacksKnown(): boolean {
    return this.landmark !== undefined && this.newest < this.known;
  }

  /** A batch had another content than the known one of its number: what is known belongs to another life. */
  refute(): void {
    this.foreign = true;
  }

  /** What is known was given up: whatever comes now belongs to the life that sends it. */
  freed(): void {
    this.begun = true;
    this.proven = true;
    this.foreign = false;
    this.known = -1;
  }

  /**
   * `proven`: the landmark itself. `too-late`: older batches are missing before it, it begins what can be known.
   * `follow`: to be placed by its sequence. `ignore`: not asked for, or of another life.
   */
  judge(batch: EngineBatch): 'proven' | 'too-late' | 'follow' | 'ignore' {
    if (this.foreign || batch.sequence < this.fromSequence) return 'ignore';
    this.newest = Math.max(this.newest, batch.sequence);
    if (this.begun) return 'follow';
    this.begun = true;
    const { landmark } = this;
    if (batch.sequence > this.fromSequence) {
      this.proven = true;
      return 'too-late';
    }
    if (!landmark) return 'follow';
    if (markOf(batch) !== landmark.mark) {
      this.foreign = true;
      return 'ignore';
    }
    this.proven = true;
    return 'proven';
  }
}
