import {
  createInbox,
  headers,
  Match,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from 'nats';
import type { BusCounters } from '../bus-counters.js';
import type { BusLog } from '../bus-log.js';
import type { WireMessage } from '../wire/wire-message.js';
import { readPubAck } from './pub-ack.js';
import { type BufferedEntry, type BufferLimits, PublishBuffer } from './publish-buffer.js';

export interface PublisherOptions extends BufferLimits {
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** A message without an answer for this long is sent again. */
  readonly ackTimeoutMs: number;
  readonly log: BusLog;
  readonly counters: BusCounters;
  /** The server has no stream for what was sent. */
  readonly onNoStream: () => void;
}

interface FlushWaiter {
  readonly ordinal: number;
  lost: number;
  settle(): void;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5000;
const STALLED_AFTER_MS = 5000;
const LOG_EVERY_MS = 10_000;
/** A message that the server refuses this often for its own sake would block everything behind it. */
const MAX_REFUSALS = 5;
/** JetStream: message size exceeds maximum allowed. */
const MESSAGE_TOO_LARGE = 10054;

/**
 * Sends buffered messages in order with many answers outstanding. Any failure (timeout, lost connection,
 * refusal) sends everything unanswered again from the oldest on, so that the order survives; what was stored
 * already is stored twice, which handlers must bear (an event with an id is dropped by the server).
 */
export class Publisher {
  private readonly buffer: PublishBuffer<WireMessage>;
  private connection: NatsConnection | undefined;
  private answers: Subscription | undefined;
  private inbox = '';
  private maxPayloadBytes = Number.POSITIVE_INFINITY;
  private backoffMs = 0;
  private backoff: NodeJS.Timeout | undefined;
  private readonly watch: NodeJS.Timeout;
  private lastProgressMs = performance.now();
  private lastFailure = '';
  private lastLogMs = Number.NEGATIVE_INFINITY;
  private closed = false;
  private waiters: FlushWaiter[] = [];

  constructor(private readonly options: PublisherOptions) {
    this.buffer = new PublishBuffer(options);
    this.watch = setInterval(() => this.checkAnswers(), Math.max(50, options.ackTimeoutMs / 5));
    this.watch.unref();
  }

  get buffered(): number {
    return this.buffer.size;
  }

  /** Why nothing is being stored, while that is so. */
  get problem(): string | undefined {
    const stalledMs = performance.now() - this.lastProgressMs;
    if (!this.lastFailure || this.buffer.size === 0 || stalledMs < STALLED_AFTER_MS) return undefined;
    return `no event was stored for ${Math.round(stalledMs / 1000)} s: ${this.lastFailure}`;
  }

  enqueue(message: WireMessage): void {
    const { counters } = this.options;
    const bytes = sizeOf(message);
    if (this.closed) {
      this.countLost(1, 'the bus is closed');
      return;
    }
    if (bytes > this.maxPayloadBytes) {
      counters.invalid++;
      this.warn(
        `an event of ${bytes} bytes exceeds the server's max_payload of ${this.maxPayloadBytes}: ${message.subject}`,
      );
      return;
    }
    if (this.buffer.size === 0) this.lastProgressMs = performance.now();
    const lost = this.buffer.push(message, bytes);
    if (lost.length > 0) {
      this.noteLost(lost);
      this.countLost(lost.length, 'the publish buffer is full');
    }
    this.pump();
  }

  /** Starts sending over a connection whose streams exist. */
  attach(connection: NatsConnection): void {
    this.detach();
    this.connection = connection;
    this.maxPayloadBytes = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    this.inbox = createInbox();
    this.answers = connection.subscribe(`${this.inbox}.*`, {
      callback: (_error, answer) => this.onAnswer(answer),
    });
    this.backoffMs = 0;
    this.pump();
  }

  /** Stops sending; what is unanswered will be sent again. */
  detach(): void {
    clearTimeout(this.backoff);
    this.backoff = undefined;
    this.answers?.unsubscribe();
    this.answers = undefined;
    this.connection = undefined;
    this.buffer.rewind();
  }

  /** Resolves when everything enqueued so far is stored; rejects when it is not in time or was lost. */
  flush(timeoutMs: number): Promise<void> {
    const ordinal = this.buffer.newest;
    if (this.buffer.settledTo >= ordinal) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        this.waiters = this.waiters.filter((other) => other !== waiter);
        if (error) reject(error);
        else resolve();
      };
      const waiter: FlushWaiter = {
        ordinal,
        lost: 0,
        settle: () =>
          finish(
            waiter.lost > 0
              ? new Error(`${waiter.lost} events were lost before they were stored`)
              : undefined,
          ),
      };
      const timer = setTimeout(() => {
        const why = this.lastFailure || (this.connection ? 'the server is slow' : 'not connected to NATS');
        finish(new Error(`${this.buffer.size} events were not stored within ${timeoutMs} ms: ${why}`));
      }, timeoutMs);
      this.waiters.push(waiter);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.detach();
    clearInterval(this.watch);
    if (this.buffer.size > 0) this.countLost(this.buffer.size, 'the bus was closed');
    for (const waiter of [...this.waiters]) {
      waiter.lost = this.buffer.size;
      waiter.settle();
    }
  }

  private pump(): void {
    const { maxInFlight, maxInFlightBytes } = this.options;
    while (
      this.connection &&
      !this.backoff &&
      this.buffer.inFlight < maxInFlight &&
      this.buffer.inFlightBytes < maxInFlightBytes
    ) {
      const entry = this.buffer.takeNext();
      if (!entry) return;
      this.send(this.connection, entry);
    }
  }

  private send(connection: NatsConnection, entry: BufferedEntry<WireMessage>): void {
    if (this.buffer.inFlight === 1) this.lastProgressMs = performance.now();
    const { subject, payload } = entry.value;
    try {
      connection.publish(subject, payload, {
        headers: headersOf(entry.value),
        reply: `${this.inbox}.${entry.ordinal.toString(36)}`,
      });
    } catch (error) {
      if (entry.bytes > (connection.info?.max_payload ?? Number.POSITIVE_INFINITY)) {
        this.discard(entry, `it exceeds the server's max_payload`);
      } else {
        this.retryLater((error as Error).message);
      }
    }
  }

  private onAnswer(answer: Msg): void {
    const ordinal = Number.parseInt(answer.subject.slice(this.inbox.length + 1), 36);
    const entry = this.buffer.find(ordinal);
    if (!entry) return;
    const ack = readPubAck(answer.headers?.code ?? 0, answer.string());
    if (ack.outcome === 'stored') {
      this.options.counters.acked++;
      if (ack.duplicate) this.options.counters.duplicates++;
      this.lastProgressMs = performance.now();
      this.lastFailure = '';
      this.backoffMs = 0;
      this.settle(entry, 'stored');
      this.pump();
    } else if (ack.outcome === 'no-stream') {
      this.retryLater('the server has no stream for events');
      this.options.onNoStream();
    } else if (
      ack.errorCode === MESSAGE_TOO_LARGE ||
      (ack.status < 500 && ++entry.refusals >= MAX_REFUSALS)
    ) {
      this.discard(entry, ack.reason);
      this.pump();
    } else {
      this.retryLater(ack.reason);
    }
  }

  private checkAnswers(): void {
    if (this.backoff || !this.buffer.oldestSent()) return;
    if (performance.now() - this.lastProgressMs < this.options.ackTimeoutMs) return;
    this.retryLater(`no answer within ${this.options.ackTimeoutMs} ms`);
  }

  private retryLater(reason: string): void {
    if (this.backoff) return;
    this.options.counters.failed++;
    this.lastFailure = reason;
    this.warn(`publishing failed and is repeated: ${reason}`);
    this.buffer.rewind();
    this.backoffMs = Math.min(Math.max(this.backoffMs * 2, FIRST_BACKOFF_MS), LONGEST_BACKOFF_MS);
    this.backoff = setTimeout(() => {
      this.backoff = undefined;
      this.pump();
    }, this.backoffMs);
    this.backoff.unref();
  }

  private discard(entry: BufferedEntry<WireMessage>, reason: string): void {
    this.options.counters.invalid++;
    this.warn(`an event was refused for good: ${reason}: ${entry.value.subject}`);
    this.noteLost([entry]);
    this.settle(entry, 'lost');
  }

  private settle(entry: BufferedEntry<WireMessage>, outcome: 'stored' | 'lost'): void {
    this.buffer.settle(entry, outcome);
    this.wakeWaiters();
  }

  private wakeWaiters(): void {
    if (this.waiters.length === 0) return;
    const settledTo = this.buffer.settledTo;
    for (const waiter of [...this.waiters]) if (waiter.ordinal <= settledTo) waiter.settle();
  }

  private noteLost(entries: ReadonlyArray<BufferedEntry<WireMessage>>): void {
    for (const waiter of this.waiters) {
      waiter.lost += entries.filter((entry) => entry.ordinal <= waiter.ordinal).length;
    }
    this.wakeWaiters();
  }

  private countLost(events: number, reason: string): void {
    this.options.counters.dropped += events;
    this.warn(`events are lost: ${reason}`);
  }

  /** The counters tell how often; the log tells once in a while. */
  private warn(message: string): void {
    const nowMs = performance.now();
    if (nowMs - this.lastLogMs < LOG_EVERY_MS) return;
    this.lastLogMs = nowMs;
    const { dropped, failed, invalid } = this.options.counters;
    this.options.log.warn({ dropped, failed, invalid, buffered: this.buffer.size }, message);
  }
}

function headersOf(message: WireMessage): MsgHdrs {
  const head = headers();
  for (const [name, value] of message.headers) head.append(name, value, Match.Exact);
  return head;
}

/** Bytes that count against the server's max_payload: header block and payload. */
function sizeOf(message: WireMessage): number {
  let bytes = 'NATS/1.0\r\n\r\n'.length + message.payload.byteLength;
  for (const [name, value] of message.headers) bytes += name.length + value.length + 4;
  return bytes;
}
