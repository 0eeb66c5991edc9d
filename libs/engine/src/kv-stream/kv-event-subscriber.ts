import { bulkhead } from 'cockatiel';
import { Subscriber } from 'zeromq';
import { HeldMessages } from './held-messages.js';
import type { KvEventMessage } from './kv-event-message.js';
import type {
  DropReason,
  KvEventSubscriberOptions,
  ReplayOutcome,
  SubscriberStats,
} from './kv-event-subscriber-options.js';
import { ReplayError } from './replay-error.js';
import { ReplayedMessages } from './replayed-messages.js';
import { requestReplay } from './request-replay.js';
import { readSequence } from './sequence-frame.js';
import { socketContext } from './socket-context.js';

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_HELD_MESSAGES = 100_000;
const DEFAULT_MAX_HELD_BYTES = 128 * 1024 * 1024;
const RECEIVE_HIGH_WATER_MARK = 100_000;
const RECONNECT_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** Finds a peer that vanished without closing the connection. */
const HEARTBEAT_MS = 5_000;
const HEARTBEAT_TIMEOUT_MS = 15_000;

/** Replays at once in this process: they come in crowds (a restart of ours) and each may bring a whole buffer. */
const REPLAYS_AT_ONCE = 8;
const replayBulkhead = bulkhead(REPLAYS_AT_ONCE, Number.POSITIVE_INFINITY);

/**
 * Receives one publisher's event stream, in order, and reports what is missing. It does not decide what a gap
 * or a sequence that goes back means; it offers `replay` to whoever does.
 */
export class KvEventSubscriber {
  readonly stats: SubscriberStats = {
    received: 0,
    delivered: 0,
    gaps: 0,
    connections: 0,
    replays: 0,
    replayFailures: 0,
    replayedMessages: 0,
    drops: {},
  };
  private readonly socket: Subscriber;
  private readonly closing = new AbortController();
  private readonly receiving: Promise<void>;
  private held: HeldMessages | undefined;
  private readonly replayed = new ReplayedMessages();
  private pendingReplays = 0;
  private replaying: Promise<unknown> = Promise.resolve();
  private expected: number | undefined;
  private isConnected = false;

  /** Connects at once, and again whenever the connection is lost. Throws when the endpoint is malformed. */
  constructor(private readonly options: KvEventSubscriberOptions) {
    this.socket = new Subscriber({
      context: socketContext,
      linger: 0,
      receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
      maxMessageSize: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      reconnectInterval: RECONNECT_MS,
      reconnectMaxInterval: RECONNECT_MAX_MS,
      heartbeatInterval: HEARTBEAT_MS,
      heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    });
    this.socket.events.on('handshake', () => this.setConnected(true));
    this.socket.events.on('disconnect', () => this.setConnected(false));
    this.socket.subscribe(options.topic ?? '');
    try {
      this.socket.connect(options.endpoint);
    } catch (error) {
      this.socket.close();
      throw new Error(
        `cannot subscribe to ${options.endpoint}: ${(error as Error).message}; an engine's event endpoint is tcp://<address>:<port>`,
        { cause: error },
      );
    }
    this.receiving = this.receive();
  }

  get connected(): boolean {
    return this.isConnected;
  }

  /**
   * Delivers again everything the publisher buffers from a sequence on, then what arrived live meanwhile (held
   * back until then, and without what the replay brought already). One replay at a time; a second one waits.
   *
   * To learn whether a publisher is still in the life one knows, ask from the last sequence known: a message with
   * other content, or none at all, means that it restarted.
   *
   * @throws ReplayError; live messages held back are delivered all the same
   */
  replay(from: number): Promise<ReplayOutcome> {
    // From now on, not only once its turn comes: the caller wants no live message before the replay.
    this.pendingReplays++;
    this.held ??= this.newHold();
    const run = this.replaying.then(() => this.runReplay(from, this.held ?? this.newHold()));
    this.replaying = run.catch(() => undefined);
    return run;
  }

  /** Stops receiving; no handler is called afterwards. */
  async close(): Promise<void> {
    this.closing.abort();
    this.socket.close();
    await Promise.all([this.receiving, this.replaying]);
  }

  private async receive(): Promise<void> {
    for await (const frames of this.socket) {
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
    if (this.closing.signal.aborted) {
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
      return await replayBulkhead.execute(() => this.deliverReplay(from), signal);
    } catch (error) {
      this.stats.replayFailures++;
      throw signal.aborted ? new ReplayError('aborted', 'the subscriber was closed') : error;
    } finally {
      this.pendingReplays--;
      this.release(held);
    }
  }

  /** Delivers what was held back, or hands it to the next replay that waits already or is asked for now. */
  private release(held: HeldMessages): void {
    this.held = this.pendingReplays > 0 ? this.newHold() : undefined;
    for (const message of held) {
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
      maxMessageBytes: this.options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
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

  private setConnected(connected: boolean): void {
    if (this.isConnected === connected || this.closing.signal.aborted) {
      return;
    }
    this.isConnected = connected;
    if (connected) {
      this.stats.connections++;
    }
    this.call(() => this.options.onConnection?.(connected));
  }

  /** A handler that throws must not end the stream. */
  private call(handler: () => void): void {
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

  private drop(reason: DropReason): void {
    this.stats.drops[reason] = (this.stats.drops[reason] ?? 0) + 1;
  }
}
