/** The newest messages of a stream, bounded in number and in bytes; the oldest leave first. */
export class ReplayBuffer {
  private readonly payloads: Array<Uint8Array | undefined>;
  private oldestSequence = 0;
  private nextSequence = 0;
  private heldBytes = 0;

  /**
   * @param maxMessages at most this many (vLLM: `buffer_steps`)
   * @param maxBytes at most this many bytes of payload, except that the newest message is always kept
   */
  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {
    this.payloads = new Array(maxMessages);
  }

  /** Sequence the next message will have. */
  get next(): number {
    return this.nextSequence;
  }

  /** Sequence of the oldest message held; equal to `next` when there is none. */
  get oldest(): number {
    return this.oldestSequence;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  /** Adds a message and returns its sequence. */
  push(payload: Uint8Array): number {
    const sequence = this.nextSequence++;
    while (
      this.oldestSequence < sequence &&
      (sequence - this.oldestSequence >= this.maxMessages || this.heldBytes + payload.length > this.maxBytes)
    ) {
      const slot = this.oldestSequence++ % this.maxMessages;
      this.heldBytes -= this.payloads[slot]?.length ?? 0;
      this.payloads[slot] = undefined;
    }
    this.payloads[sequence % this.maxMessages] = payload;
    this.heldBytes += payload.length;
    return sequence;
  }

  /** The message, or undefined when it is not held (any more). */
  get(sequence: number): Uint8Array | undefined {
    return sequence >= this.oldestSequence && sequence < this.nextSequence
      ? this.payloads[sequence % this.maxMessages]
      : undefined;
  }
}
