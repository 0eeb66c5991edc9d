import { bulkhead } from 'cockatiel';
import { HeldMessages } from './held-messages.js';
import type { KvEventMessage } from './kv-event-message.js';
import type {
  DropReason,
  KvEventSubscriberOptions,
  ReplayOutcome,
  SubscriberStats,
} from './kv-event-subscriber-options.js';
import { ReplayCooldown } from './replay-cooldown.js';
import { ReplayError } from './replay-error.js';
import { ReplayedMessages } from './replayed-messages.js';
import { requestReplay } from './request-replay.js';
import { readSequence } from './sequence-frame.js';

const DEFAULT_MAX_HELD_MESSAGES = 100_000;
const DEFAULT_MAX_HELD_BYTES = 128 * 1024 * 1024;

/** Replays at once in this process: they come in crowds (a restart of ours) and each may bring a whole buffer. */
const REPLAYS_AT_ONCE = 8;
const replayBulkhead = bulkhead(REPLAYS_AT_ONCE, Number.POSITIVE_INFINITY);

/** One publisher's messages in order, live and replayed, whatever socket they come from. */
export class KvEventStream {
  private held: HeldMessages | undefined;
  private readonly replayed = new ReplayedMessages();
  private readonly cooldown = new ReplayCooldown();
  private readonly closing = new AbortController();
  private pendingReplays = 0;
  private replaying: Promise<unknown> = Promise.resolve();
  private expected: number | undefined;

  constructor(
    private readonly options: KvEventSubscriberOptions,
    private readonly stats: SubscriberStats,
    private readonly maxMessageBytes: number,
  ) {}

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  /** The publisher was reached anew: it may be one that answers replays. */
  reached(): void {
    this.cooldown.lift();
  }

  /** Takes the frames of one live message. */
  receive(frames: readonly Buffer[]): void {
    this.stats.received++;
    const [topic, sequenceFrame, payload] = frames;
    const sequence = readSequence(sequenceFrame);
    if (frames.length !== 3 || !topic || !payload) {
      this.drop('frame-count');
    } else if (typeof sequence !== 'number') {
      this.drop('bad-sequence');
    } else {
      this.accept({ topic: topic.toString(), sequence, payload, replayed: false });
    }
  }

  /** As `KvEventSubscriber.replay`. */
  replay(from: number): Promise<ReplayOutcome> {
    // From now on, not only once its turn comes: the caller wants no live message before the replay.
    this.pendingReplays++;
    this.held ??= this.newHold();
    const run = this.replaying.then(() => this.runReplay(from, this.held ?? this.newHold()));
    this.replaying = run.catch(() => undefined);
    return run;
  }

  /** No handler is called afterwards; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.replaying;
  }

  private accept(message: KvEventMessage): void {
    if (!this.held && this.replayed.has(message)) {
      this.drop('replayed-before');
    } else if (this.held) {
      if (!this.held.push(message)) {
        this.drop('held-overflow');
      }
    } else {
      this.deliver(message);
    }
  }

  private deliver(message: KvEventMessage): void {
    if (this.closed) {
      return;
    }
    const { expected } = this;
    this.expected = message.sequence + 1;
    this.stats.delivered++;
    this.call(() => {
      if (expected !== undefined && message.sequence > expected) {
        this.stats.gaps++;
        this.options.onGap?.({ expected, received: message.sequence });
      }
      this.options.onMessage(message);
    });
  }

  private async runReplay(from: number, held: HeldMessages): Promise<ReplayOutcome> {
    const { signal } = this.closing;
    this.stats.replays++;
    try {
      this.cooldown.check(this.options.replayEndpoint ?? this.options.endpoint);
      const outcome = await replayBulkhead.execute(() => this.deliverReplay(from), signal);
      this.cooldown.lift();
      return outcome;
    } catch (error) {
      this.stats.replayFailures++;
      if (!(error instanceof ReplayError && error.reason === 'cooling-down')) this.cooldown.failed();
      throw signal.aborted ? new ReplayError('aborted', 'the subscriber was closed') : error;
    } finally {
      this.pendingReplays--;
      this.release(held);
    }
  }

  /** Delivers what was held back, or hands it to the next replay that waits already or is asked for now. */
  private release(held: HeldMessages): void {
    this.held = this.pendingReplays > 0 ? this.newHold() : undefined;
    for (const message of held.take()) {
      this.accept(message);
    }
    this.replayed.trim();
  }

  private newHold(): HeldMessages {
    return new HeldMessages(
      this.options.maxHeldMessages ?? DEFAULT_MAX_HELD_MESSAGES,
      this.options.maxHeldBytes ?? DEFAULT_MAX_HELD_BYTES,
    );
  }

  private async deliverReplay(from: number): Promise<ReplayOutcome> {
    const { endpoint, replayEndpoint } = this.options;
    if (replayEndpoint === undefined) {
      throw new ReplayError('no-endpoint', `no replay endpoint is configured for ${endpoint}`);
    }
    let messages = 0;
    let first: number | undefined;
    let last: number | undefined;
    let complete = true;
    for await (const message of requestReplay(replayEndpoint, from, {
      maxMessageBytes: this.maxMessageBytes,
      ...this.options.replay,
      signal: this.closing.signal,
    })) {
      if (messages === 0) {
        first = message.sequence;
        // What is asked for again is not missing, and a life that began anew is not a gap.
        this.expected = undefined;
      }
      complete &&= message.sequence === (last ?? from - 1) + 1;
      last = message.sequence;
      messages++;
      this.stats.replayedMessages++;
      this.replayed.note(message);
      this.deliver(message);
    }
    return { messages, first, last, complete: complete && messages > 0 };
  }

  /** Calls a handler of the caller: one that throws must not end the stream. */
  call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      if (this.options.onError) {
        this.options.onError(error);
      } else {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Counts a message that is not delivered. */
  drop(reason: DropReason): void {
    this.stats.drops[reason] = (this.stats.drops[reason] ?? 0) + 1;
    if (reason !== 'replayed-before' && !this.closed) this.call(() => this.options.onLoss?.(reason));
  }
}
