import type { KvEventMessage } from './kv-event-message.js';

/** Live messages held back, in order, while a replay runs. */
export class HeldMessages {
  private readonly messages: KvEventMessage[] = [];
  private bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** False when there is no room; the message is not held then. */
  push(message: KvEventMessage): boolean {
    if (this.messages.length >= this.maxMessages || this.bytes + message.payload.length > this.maxBytes) {
      return false;
    }
    this.messages.push(message);
    this.bytes += message.payload.length;
    return true;
  }

  [Symbol.iterator](): Iterator<KvEventMessage> {
    return this.messages[Symbol.iterator]();
  }
}
