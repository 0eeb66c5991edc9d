import type { KvEventMessage } from './kv-event-message.js';

/** Bytes that all streams of this process together may hold back. */
export class HeldBudget {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.held;
  }

  /** False when there is no room. */
  take(bytes: number): boolean {
    if (this.held + bytes > this.maxBytes) {
      return false;
    }
    this.held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}

const MAX_HELD_BYTES_OF_ALL = 512 * 1024 * 1024;

/** The budget of the process: after a restart of ours every engine's stream waits for its replay at once. */
export const heldBudget = new HeldBudget(MAX_HELD_BYTES_OF_ALL);

/** Live messages held back, in order, while a replay runs. */
export class HeldMessages {
  private messages: KvEventMessage[] = [];
  private bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
    private readonly budget: HeldBudget = heldBudget,
  ) {}

  /** False when there is no room; the message is not held then. */
  push(message: KvEventMessage): boolean {
    const { length } = message.payload;
    if (
      this.messages.length >= this.maxMessages ||
      this.bytes + length > this.maxBytes ||
      !this.budget.take(length)
    ) {
      return false;
    }
    this.messages.push(message);
    this.bytes += length;
    return true;
  }

  /** Everything held, in order, and nothing is held afterwards. */
  take(): KvEventMessage[] {
    const { messages } = this;
    this.budget.give(this.bytes);
    this.messages = [];
    this.bytes = 0;
    return messages;
  }
}
