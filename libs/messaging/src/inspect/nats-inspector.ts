import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IncomingEvent } from '@penstock/core/ports';
import {
  AckPolicy,
  connect,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  type Msg,
  type NatsConnection,
  NatsError,
  nanos,
} from 'nats';
import type { NatsEventBusOptions } from '../bus-options.js';
import { connectionOptions } from '../connection/connection-options.js';
import { natsAddress } from '../connection/nats-address.js';
import { received } from '../consume/received.js';
import { streamDrift, wantedStream } from '../streams/stream-config.js';
import { type AnyStreamName, STREAM_NAMES } from '../streams/stream-table.js';
import { decodeEvent } from '../wire/decode-event.js';
import { definitionOf, SUBJECT_ROOT, subjectFilter } from '../wire/event-subject.js';

/** One stream of the table as it is on the server. */
export interface StreamReport {
  readonly name: AnyStreamName;
  readonly present: boolean;
  /** `field is X, expected Y`, one entry per field; empty when as wanted or absent. */
  readonly drift: readonly string[];
  readonly messages: number;
  readonly bytes: number;
}

const STREAM_NOT_FOUND = 10059;
/** An installation may set sizes, ages and copies: only the services know what it asked for. */
const OF_THE_INSTALLATION = /^(max_|num_replicas|duplicate_window)/;
const MAX_RECENT = 5000;
const INACTIVE_MS = 10_000;
const CLOSE_MS = 500;

/** Looks at a NATS server without changing anything: unlike the bus it makes and repairs no stream. */
export class NatsInspector {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly timeoutMs: number,
  ) {}

  /** Connects once. Throws one sentence when the server does not answer within `timeoutMs` or refuses. */
  static async connect(
    options: Pick<NatsEventBusOptions, 'servers' | 'source' | 'credentials' | 'tls'>,
    timeoutMs: number,
  ): Promise<NatsInspector> {
    const settings = { ...connectionOptions(options), reconnect: false, timeout: timeoutMs };
    try {
      return new NatsInspector(await connect(settings), timeoutMs);
    } catch (error) {
      const { message, code } = error as NatsError;
      throw new Error(
        `NATS at ${natsAddress(options.servers).servers.join(', ')} is not reachable (${message || code}); check that nats-server runs there and that its address is right`,
      );
    }
  }

  /** False once the connection was lost or closed. */
  get isOpen(): boolean {
    return !this.connection.isClosed();
  }

  /** Version of the server connected to. */
  get version(): string {
    return this.connection.info?.version ?? 'unknown';
  }

  /**
   * Every stream of the table. `known` compares sizes and ages too, for an installation that changed none of them.
   * Throws one sentence when JetStream is off or does not answer.
   */
  async streams(compare: 'known' | 'portable' = 'portable'): Promise<StreamReport[]> {
    const manager = await this.manager();
    return Promise.all(STREAM_NAMES.map((name) => report(manager, name, compare)));
  }

  /** Calls `handler` for every event of these types that is published from now on, until the returned function is called. */
  watch<T>(types: readonly string[], handler: (event: IncomingEvent<T>) => void): () => void {
    const subscriptions = types.map((type) =>
      this.connection.subscribe(`${SUBJECT_ROOT}.${type}.>`, {
        callback: (error, message) => {
          const event = error ? undefined : decodeEvent<T>(live(message)).event;
          if (event) handler(event);
        },
      }),
    );
    return () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
    };
  }

  /**
   * Events of one type stored since `sinceMs` (epoch), oldest first. Where there are more than 5,000 the time is halved
   * until there are not; the answer says since when it is complete.
   */
  async recent<T>(type: string, sinceMs: number): Promise<{ events: IncomingEvent<T>[]; sinceMs: number }> {
    const manager = await this.manager();
    const { stream } = definitionOf(type);
    const endMs = Date.now();
    for (let startMs = sinceMs; ; startMs = endMs - Math.floor((endMs - startMs) / 2)) {
      const name = `inspect-${randomUUID()}`;
      const { num_pending: pending } = await manager.consumers.add(stream, {
        name,
        deliver_policy: DeliverPolicy.StartTime,
        opt_start_time: new Date(startMs).toISOString(),
        filter_subject: subjectFilter({ types: [type] }),
        ack_policy: AckPolicy.None,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanos(INACTIVE_MS),
      });
      try {
        if (pending <= MAX_RECENT || startMs >= endMs)
          return {
            events: await this.read<T>(stream, name, Math.min(pending, MAX_RECENT)),
            sinceMs: startMs,
          };
      } finally {
        await manager.consumers.delete(stream, name).catch(() => {});
      }
    }
  }

  /** Resolves when the server has taken what was subscribed to so far; rejects when it does not say so in time. */
  async settled(): Promise<void> {
    const isDone = await Promise.race([
      this.connection.flush().then(() => true),
      delay(this.timeoutMs, false, { ref: false }),
    ]);
    if (!isDone)
      throw new Error(`NATS at ${this.connection.getServer()} did not answer within ${this.timeoutMs} ms`);
  }

  /** Does not wait for a server that hangs. */
  async close(): Promise<void> {
    const closed = this.connection.close().catch(() => {});
    await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })]);
  }

  private async read<T>(stream: string, consumer: string, wanted: number): Promise<IncomingEvent<T>[]> {
    const events: IncomingEvent<T>[] = [];
    if (wanted === 0) return events;
    const reader = await this.connection.jetstream().consumers.get(stream, consumer);
    for await (const message of await reader.fetch({ max_messages: wanted, expires: this.timeoutMs })) {
      const { event } = decodeEvent<T>(received(message as JsMsg));
      if (event) events.push(event);
    }
    return events;
  }

  private async manager(): Promise<JetStreamManager> {
    try {
      const manager = await this.connection.jetstreamManager({ checkAPI: false, timeout: this.timeoutMs });
      await manager.getAccountInfo();
      return manager;
    } catch (error) {
      const where = this.connection.getServer();
      throw new Error(
        `JetStream at ${where} does not answer (${(error as Error).message}); start nats-server with --jetstream`,
      );
    }
  }
}

async function report(
  manager: JetStreamManager,
  name: AnyStreamName,
  compare: 'known' | 'portable',
): Promise<StreamReport> {
  try {
    const { config, state } = await manager.streams.info(name);
    const drift = streamDrift(wantedStream(name), config).filter(
      (sentence) =>
        !sentence.startsWith('description ') && (compare === 'known' || !OF_THE_INSTALLATION.test(sentence)),
    );
    return { name, present: true, drift, messages: state.messages, bytes: state.bytes };
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND)
      return { name, present: false, drift: [], messages: 0, bytes: 0 };
    throw error;
  }
}

const live = (message: Msg) => ({
  subject: message.subject,
  header: (name: string) => (message.headers?.has(name) ? message.headers.get(name) : undefined),
  payload: message.data,
  deliveries: 1,
});
