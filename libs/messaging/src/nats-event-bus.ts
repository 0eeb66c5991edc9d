import { randomUUID } from 'node:crypto';
import type {
  DurableOptions,
  EventBus,
  EventBusStatus,
  EventHandler,
  FollowOptions,
  IncomingEvent,
  OutgoingEvent,
  Subscription,
} from '@penstock/core/ports';
import { NatsError } from 'nats';
import { type BusCounters, newCounters } from './bus-counters.js';
import { type BusLog, SILENT_LOG } from './bus-log.js';
import type { NatsEventBusOptions } from './bus-options.js';
import { connectionOptions } from './connection/connection-options.js';
import { LinkKeeper } from './connection/link-keeper.js';
import type { AnyHandler, ConsumeContext } from './consume/consume-context.js';
import { DurableConsumer } from './consume/durable-consumer.js';
import { Follower } from './consume/follower.js';
import { Publisher } from './publish/publisher.js';
import { decodeEvent } from './wire/decode-event.js';
import { encodeEvent } from './wire/encode-event.js';
import { encodeToken } from './wire/encode-token.js';
import { definitionOf, SUBJECT_ROOT, subjectFilter } from './wire/event-subject.js';

const DEFAULT_FLUSH_TIMEOUT_MS = 5000;
const CLOSE_FLUSH_TIMEOUT_MS = 2000;
const REQUEST_TIMEOUT_MS = 5000;
const DEFAULT_MAX_DELIVERIES = 5;
const NO_MESSAGE_FOUND = 10037;

/** Events over NATS JetStream (nats-server 2.9.10 or newer). */
export class NatsEventBus implements EventBus {
  private readonly totals: BusCounters = newCounters();
  private readonly log: BusLog;
  private readonly epoch: string;
  private readonly nowMs: () => number;
  private readonly publisher: Publisher;
  private readonly keeper: LinkKeeper;
  private readonly context: ConsumeContext;
  private readonly subscriptions = new Set<Subscription>();
  private ids = 0;
  private closing: Promise<void> | undefined;

  private constructor(private readonly options: NatsEventBusOptions) {
    this.log = options.log ?? SILENT_LOG;
    this.epoch = options.epoch ?? randomUUID();
    this.nowMs = options.nowMs ?? Date.now;
    this.publisher = new Publisher({
      maxEvents: options.maxBufferedEvents ?? 20_000,
      maxBytes: options.maxBufferedBytes ?? 32 * 1024 * 1024,
      maxInFlight: options.maxInFlight ?? 512,
      maxInFlightBytes: 4 * 1024 * 1024,
      ackTimeoutMs: options.ackTimeoutMs ?? 5000,
      log: this.log,
      counters: this.totals,
      onNoStream: () => this.keeper.recheck(),
    });
    this.keeper = new LinkKeeper({
      connection: connectionOptions(options),
      overrides: options.streams ?? {},
      verifyIntervalMs: options.verifyIntervalMs ?? 30_000,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      log: this.log,
      counters: this.totals,
      onLink: (link) => this.publisher.attach(link.connection),
      onUnlink: () => this.publisher.detach(),
    });
    this.context = {
      keeper: this.keeper,
      log: this.log,
      counters: this.totals,
      ackWaitMs: options.ackWaitMs ?? 30_000,
      handlerTimeoutMs: options.handlerTimeoutMs ?? 60_000,
      firstRetryMs: options.firstRetryMs ?? 250,
      longestRetryMs: options.longestRetryMs ?? 30_000,
    };
  }

  /** Returns at once and connects in the background, for ever; `status()` says how it stands. */
  static connect(options: NatsEventBusOptions): NatsEventBus {
    if (options.servers.length === 0)
      throw new Error('no NATS server given: name at least one nats://host:port');
    return new NatsEventBus(options);
  }

  publish<T>(event: OutgoingEvent<T>): void {
    this.totals.published++;
    try {
      const { source } = this.options;
      const id = `${this.epoch}-${(++this.ids).toString(36)}`;
      this.publisher.enqueue(encodeEvent(event, { id, source, epoch: this.epoch, nowMs: this.nowMs() }));
    } catch (error) {
      this.totals.invalid++;
      this.log.error({ type: event.type, error: (error as Error).message }, 'an event was not published');
    }
  }

  flush(timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS): Promise<void> {
    return this.publisher.flush(timeoutMs);
  }

  async consume<T>(options: DurableOptions, handler: EventHandler<T>): Promise<Subscription> {
    if (options.durable === '') throw new Error('a durable consumer needs a name');
    const consumers = options.types.map((type) => {
      const { namespace, pool } = options;
      const wanted = {
        stream: definitionOf(type).stream,
        name: `${encodeToken(options.durable)}__${type.replaceAll('.', '_')}`,
        filterSubject: subjectFilter({ types: [type], namespace, pool }),
        ackWaitMs: this.context.ackWaitMs,
      };
      const maxDeliveries = options.maxDeliveries ?? DEFAULT_MAX_DELIVERIES;
      return new DurableConsumer(this.context, wanted, maxDeliveries, handler as AnyHandler);
    });
    return this.begin(consumers);
  }

  async follow<T>(options: FollowOptions, handler: EventHandler<T>): Promise<Subscription> {
    const streams = Map.groupBy(options.types, (type) => definitionOf(type).stream);
    const followers = Array.from(streams, ([stream, types]) => {
      const { namespace, pool } = options;
      const followed = { stream, filter: { types, namespace, pool } };
      return new Follower(this.context, followed, options, handler as AnyHandler);
    });
    return this.begin(followers);
  }

  async lastByKey<T>(type: string, key: string): Promise<IncomingEvent<T> | undefined> {
    const { stream } = definitionOf(type);
    const link = this.keeper.current;
    if (!link) throw new Error(`cannot look up ${type}: ${this.keeper.problem}`);
    const last_by_subj = `${SUBJECT_ROOT}.${type}.*.*.${encodeToken(key)}`;
    try {
      const stored = await link.manager.streams.getMessage(stream, { last_by_subj });
      const decoded = decodeEvent<T>({
        subject: stored.subject,
        header: (name) => (stored.header.has(name) ? stored.header.get(name) : undefined),
        payload: stored.data,
        deliveries: 1,
      });
      if (!decoded.event) {
        this.totals.rejected++;
        this.log.warn(
          { type, reason: decoded.problem, error: decoded.detail },
          'a stored message was skipped',
        );
      }
      return decoded.event;
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE_FOUND) return undefined;
      throw error;
    }
  }

  status(): EventBusStatus {
    return {
      connected: this.keeper.isConnected,
      bufferedEvents: this.publisher.buffered,
      droppedEvents: this.totals.dropped,
      problem: this.keeper.problem ?? this.publisher.problem,
    };
  }

  async probe(): Promise<void> {
    const { problem } = this.status();
    const link = this.keeper.current;
    if (problem !== undefined || !link) throw new Error(problem ?? 'not connected to NATS');
    await link.manager.getAccountInfo();
  }

  /** Totals for metrics, as of now. */
  counters(): Readonly<BusCounters> {
    return { ...this.totals };
  }

  /** Largest event the connected server takes, in bytes of headers and data; undefined while unknown. */
  get maxEventBytes(): number | undefined {
    return this.keeper.current?.connection.info?.max_payload;
  }

  /** Stops the subscriptions, stores what it can within 2 s, and disconnects. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await Promise.all(Array.from(this.subscriptions, (subscription) => subscription.stop()));
    if (this.keeper.current) await this.publisher.flush(CLOSE_FLUSH_TIMEOUT_MS).catch(() => {});
    this.publisher.close();
    await this.keeper.close();
  }

  private async begin(
    parts: ReadonlyArray<Subscription & { begun(): Promise<void> }>,
  ): Promise<Subscription> {
    const whole: Subscription = {
      stop: async () => {
        this.subscriptions.delete(whole);
        await Promise.all(parts.map((part) => part.stop()));
      },
    };
    this.subscriptions.add(whole);
    await Promise.all(parts.map((part) => part.begun()));
    return whole;
  }
}
