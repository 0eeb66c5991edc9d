import { setImmediate } from 'node:timers/promises';
import { Publisher, Router } from 'zeromq';
import { isIPv6Endpoint } from './is-ipv6-endpoint.js';
import { ReplayBuffer } from './replay-buffer.js';
import { END_FRAME, readSequence, sequenceFrame } from './sequence-frame.js';
import { socketContext } from './socket-context.js';

export interface KvEventPublisherOptions {
  /** Where to bind, such as `tcp://127.0.0.1:5557`; port 0 or `*` takes a free one. With `dialFrom`, whom to dial. */
  readonly endpoint: string;
  /** Dial the endpoint instead of binding it, from this address of the machine or, when empty, from any. */
  readonly dialFrom?: string;
  /** Where to answer replay requests; without it nobody can ask for what they missed. */
  readonly replayEndpoint?: string;
  /** Default empty, as vLLM's. */
  readonly topic?: string;
  /** Messages kept for replay; default 10,000, as vLLM's `buffer_steps`. */
  readonly bufferMessages?: number;
  /** Bytes kept for replay, which vLLM does not bound; default 64 MiB. */
  readonly bufferCapacityBytes?: number;
  /** `topic` (vLLM 0.26 and later): replies carry the topic. `plain`: they do not (older vLLM, SGLang). */
  readonly replayShape?: 'topic' | 'plain';
  /** Messages queued per subscriber before it misses some; default 100,000, as vLLM's `hwm`. */
  readonly sendHighWaterMark?: number;
}

const DEFAULT_BUFFER_MESSAGES = 10_000;
const DEFAULT_BUFFER_BYTES = 64 * 1024 * 1024;
const DEFAULT_HIGH_WATER_MARK = 100_000;
const EMPTY = Buffer.alloc(0);

interface QueuedMessage {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** A replay gives the event loop back this often. */
const REPLAY_BURST = 64;

/**
 * An engine's event stream as vLLM publishes it: three frames `[topic, sequence, payload]` on a PUB socket,
 * sequences from 0, and a ROUTER socket that sends again what is still buffered.
 */
export class KvEventPublisher {
  /** Replay requests answered, and refused because they were none. */
  readonly replayStats = { served: 0, refused: 0 };
  private readonly buffer: ReplayBuffer;
  private readonly topicFrame: Buffer;
  private queue: QueuedMessage[] = [];
  private sending: Promise<void> | undefined;
  private serving: Promise<void> | undefined;
  private closed = false;

  private constructor(
    private readonly options: KvEventPublisherOptions,
    private readonly publisher: Publisher,
    private readonly router: Router | undefined,
    /** Where subscribers connect, with the port that was really taken; or who was dialled. */
    readonly endpoint: string,
    readonly replayEndpoint: string | undefined,
  ) {
    this.buffer = new ReplayBuffer(
      options.bufferMessages ?? DEFAULT_BUFFER_MESSAGES,
      options.bufferCapacityBytes ?? DEFAULT_BUFFER_BYTES,
    );
    this.topicFrame = Buffer.from(options.topic ?? '');
    if (router) {
      this.serving = this.serveReplays(router);
    }
  }

  /** Binds both sockets, or dials. Fails with the endpoint in the message when one is malformed or taken. */
  static async bind(options: KvEventPublisherOptions): Promise<KvEventPublisher> {
    const publisher = new Publisher({
      context: socketContext,
      linger: 0,
      ipv6: isIPv6Endpoint(options.endpoint),
      sendHighWaterMark: options.sendHighWaterMark ?? DEFAULT_HIGH_WATER_MARK,
    });
    let router: Router | undefined;
    try {
      if (options.dialFrom === undefined) await bindTo(publisher, options.endpoint);
      else dial(publisher, options.endpoint, options.dialFrom);
      if (options.replayEndpoint !== undefined) {
        router = new Router({
          context: socketContext,
          linger: 0,
          ipv6: isIPv6Endpoint(options.replayEndpoint),
          // A ROUTER drops what exceeds its mark: a whole replay and its end marker must fit.
          sendHighWaterMark: 2 * ((options.bufferMessages ?? DEFAULT_BUFFER_MESSAGES) + 1),
        });
        await bindTo(router, options.replayEndpoint);
      }
    } catch (error) {
      publisher.close();
      router?.close();
      throw error;
    }
    return new KvEventPublisher(
      options,
      publisher,
      router,
      options.dialFrom === undefined ? (publisher.lastEndpoint as string) : options.endpoint,
      router?.lastEndpoint ?? undefined,
    );
  }

  /** Sequence the next message will have: also how many were published. */
  get nextSequence(): number {
    return this.buffer.next;
  }

  /** Queues one message for all subscribers and returns its sequence. The payload must not change afterwards. */
  publish(payload: Uint8Array): number {
    if (this.closed) {
      throw new Error(`the event publisher on ${this.endpoint} is closed`);
    }
    const sequence = this.buffer.push(payload);
    this.queue.push({ sequence, payload });
    this.sending ??= this.sendQueued();
    return sequence;
  }

  /** Sends what is queued, then closes both sockets. */
  async close(): Promise<void> {
    this.closed = true;
    await this.sending;
    this.publisher.close();
    this.router?.close();
    await this.serving;
  }

  /** One send at a time is all a socket takes. */
  private async sendQueued(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      for (const { sequence, payload } of batch) {
        await this.publisher.send([this.topicFrame, sequenceFrame(sequence), payload]);
      }
    }
    this.sending = undefined;
  }

  private async serveReplays(router: Router): Promise<void> {
    for await (const frames of router) {
      const [identity, delimiter, startFrame] = frames;
      const start = readSequence(startFrame);
      if (frames.length === 3 && identity && delimiter?.length === 0 && typeof start === 'number') {
        await this.replay(router, identity, start);
        this.replayStats.served++;
      } else {
        this.replayStats.refused++;
      }
    }
  }

  private async replay(router: Router, identity: Buffer, start: number): Promise<void> {
    const withTopic = (this.options.replayShape ?? 'topic') === 'topic';
    const send = async (topic: Buffer, sequence: Buffer, payload: Uint8Array) => {
      if (!router.closed) {
        await router.send(
          withTopic ? [identity, EMPTY, topic, sequence, payload] : [identity, EMPTY, sequence, payload],
        );
      }
    };
    let sent = 0;
    for (let i = Math.max(start, this.buffer.oldest); i < this.buffer.next; i++) {
      const payload = this.buffer.get(i);
      if (payload) {
        await send(this.topicFrame, sequenceFrame(i), payload);
        if (++sent % REPLAY_BURST === 0) {
          await setImmediate();
        }
      }
    }
    await send(EMPTY, END_FRAME, EMPTY);
  }
}

async function bindTo(socket: Publisher | Router, endpoint: string): Promise<void> {
  try {
    await socket.bind(endpoint);
  } catch (error) {
    throw new Error(
      `cannot bind the event socket to ${endpoint}: ${(error as Error).message}; ` +
        'give tcp://<own address>:<free port>, or port 0 for any free port',
      { cause: error },
    );
  }
}

/** ZeroMQ's way to say from where: `tcp://<own address>:<own port>;<address>:<port>`. */
function dial(socket: Publisher, endpoint: string, from: string): void {
  const own = from.includes(':') ? `[${from}]` : from;
  try {
    socket.connect(from === '' ? endpoint : endpoint.replace('tcp://', `tcp://${own}:0;`));
  } catch (error) {
    throw new Error(
      `cannot dial ${endpoint}: ${(error as Error).message}; give tcp://<address of who listens>:<port>`,
      { cause: error },
    );
  }
}
