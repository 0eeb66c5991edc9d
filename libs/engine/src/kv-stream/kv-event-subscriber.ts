import { Subscriber } from 'zeromq';
import { KvEventStream } from './kv-event-stream.js';
import type {
  KvEventSubscriberOptions,
  ReplayOutcome,
  SubscriberStats,
} from './kv-event-subscriber-options.js';
import { socketContext } from './socket-context.js';
import { subscriberSettings } from './subscriber-settings.js';

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Not before ZeroMQ would have connected by itself. */
const DIAL_AGAIN_MS = 2_000;
const DIAL_AGAIN_MAX_MS = 30_000;

/** We dialled the publisher, or it dialled us. */
type Way = 'out' | 'in';

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
  private readonly stream: KvEventStream;
  private readonly receiving: Promise<void>;
  private readonly stopListening: (() => void) | undefined;
  private redial: NodeJS.Timeout | undefined;
  private readonly up = new Set<Way>();
  /** The way whose messages count. */
  private way: Way | undefined;

  /** Connects at once, and again whenever the connection is lost. Throws when the endpoint is malformed. */
  constructor(private readonly options: KvEventSubscriberOptions) {
    const { endpoint, topic = '', dialIn, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
    this.stream = new KvEventStream(options, this.stats, maxMessageBytes);
    this.socket = new Subscriber({
      context: socketContext,
      ...subscriberSettings(endpoint, maxMessageBytes),
    });
    this.socket.events.on('handshake', () => this.opened('out'));
    this.socket.events.on('disconnect', () => {
      this.lost('out');
      this.dialAgain();
    });
    this.socket.subscribe(topic);
    try {
      this.socket.connect(endpoint);
    } catch (error) {
      this.socket.close();
      throw new Error(
        `cannot subscribe to ${endpoint}: ${(error as Error).message}; an engine's event endpoint is tcp://<address>:<port>`,
        { cause: error },
      );
    }
    this.stopListening = dialIn?.listener.expect(dialIn, {
      onFrames: (frames) => this.take('in', frames),
      onConnection: (connected) => (connected ? this.opened('in') : this.lost('in')),
    });
    this.receiving = this.receive();
  }

  /** Whether the publisher is reached, or has reached us. */
  get connected(): boolean {
    return this.way !== undefined;
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
    return this.stream.replay(from);
  }

  /** Stops receiving; no handler is called afterwards. */
  async close(): Promise<void> {
    const closed = this.stream.close();
    clearTimeout(this.redial);
    this.stopListening?.();
    this.socket.close();
    await Promise.all([this.receiving, closed]);
  }

  private async receive(): Promise<void> {
    for await (const frames of this.socket) {
      this.take('out', frames);
    }
  }

  private take(way: Way, frames: Buffer[]): void {
    if (this.way === undefined || this.way === way) this.stream.receive(frames);
    else this.stream.drop('second-publisher');
  }

  /** A publisher dials or is dialled: when both are there, they are two, and only the first one is followed. */
  private opened(way: Way): void {
    this.up.add(way);
    if (this.way === undefined) this.follow(way);
  }

  private lost(way: Way): void {
    this.up.delete(way);
    if (this.way !== way) return;
    this.follow(undefined);
    const [other] = this.up;
    if (other) this.follow(other);
  }

  private follow(way: Way | undefined): void {
    this.way = way;
    if (this.stream.closed) return;
    if (way) {
      this.stats.connections++;
      this.stream.reached();
    }
    this.stream.call(() => this.options.onConnection?.(way !== undefined));
  }

  /**
   * ZeroMQ connects again by itself, but not after a message that breaks its rules, such as one that is too large: then a
   * single message would leave us deaf to the engine for ever.
   */
  private dialAgain(delayMs = DIAL_AGAIN_MS): void {
    clearTimeout(this.redial);
    this.redial = setTimeout(() => {
      if (this.up.has('out') || this.stream.closed) return;
      const { endpoint } = this.options;
      try {
        this.socket.disconnect(endpoint);
      } catch {
        // It has given the connection up already.
      }
      this.socket.connect(endpoint);
      this.dialAgain(Math.min(DIAL_AGAIN_MAX_MS, 2 * delayMs));
    }, delayMs);
    this.redial.unref();
  }
}
