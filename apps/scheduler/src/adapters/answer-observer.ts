import type { Observed } from '../application/relay.js';

const EVENT_END = Buffer.from('\n\n');
/** Enough for the usage event and `[DONE]`, or the end of a JSON answer. */
const TAIL_BYTES = 4096;

/** Watches an answer go by: counts events and keeps references to the last chunks, copying nothing. */
export class AnswerObserver {
  private recent: Buffer[] = [];
  private recentBytes = 0;
  private bytes = 0;
  private events = 0;
  private firstByteAtMs: number | undefined;

  constructor(private readonly countEvents: boolean) {}

  see(chunk: Buffer): void {
    this.firstByteAtMs ??= performance.now();
    this.bytes += chunk.length;
    if (this.countEvents) {
      for (let at = chunk.indexOf(EVENT_END); at !== -1; at = chunk.indexOf(EVENT_END, at + 2)) this.events++;
    }
    this.recent.push(chunk);
    this.recentBytes += chunk.length;
    while (this.recent.length > 1 && this.recentBytes - (this.recent[0] as Buffer).length >= TAIL_BYTES) {
      this.recentBytes -= (this.recent.shift() as Buffer).length;
    }
  }

  result(): Observed {
    const { bytes, events, firstByteAtMs } = this;
    const tail = Buffer.concat(this.recent).subarray(-TAIL_BYTES);
    return { bytes, events, tail, ...(firstByteAtMs === undefined ? {} : { firstByteAtMs }) };
  }
}
