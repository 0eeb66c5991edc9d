import { hash } from 'node:crypto';
import type { KvEventMessage } from './kv-event-message.js';

/** After a replay only late copies of its newest messages can still arrive. */
const KEPT_AFTER_REPLAY = 1024;
/** Ten times what vLLM buffers: a bound against a publisher that never ends. */
const KEPT_DURING_REPLAY = 100_000;

/**
 * Which live messages a replay has brought already. They come over another connection: some while the replay
 * runs, some after its end. The sequence alone does not tell (the publisher may have restarted), the content does.
 */
export class ReplayedMessages {
  private readonly digests = new Map<number, string>();
  private last = -1;

  note(message: KvEventMessage): void {
    this.digests.set(message.sequence, digest(message));
    this.last = message.sequence;
    if (this.digests.size > KEPT_DURING_REPLAY) {
      this.trim();
    }
  }

  /** Whether this live message was replayed. One newer than the replay ends the question for good. */
  has(message: KvEventMessage): boolean {
    if (this.digests.size === 0) {
      return false;
    }
    if (message.sequence > this.last) {
      this.digests.clear();
      return false;
    }
    const known = this.digests.get(message.sequence);
    return known !== undefined && known === digest(message);
  }

  /** Forgets all but the newest, which is all that matters once the replay is over. */
  trim(): void {
    for (const sequence of this.digests.keys()) {
      if (this.digests.size <= KEPT_AFTER_REPLAY) {
        break;
      }
      this.digests.delete(sequence);
    }
  }
}

function digest(message: KvEventMessage): string {
  return hash('sha1', message.payload, 'base64');
}
