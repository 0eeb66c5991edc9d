import { type ConnectionOptions, connect, Events, type JetStreamManager, type NatsConnection } from 'nats';
import type { BusCounters } from '../bus-counters.js';
import type { BusLog } from '../bus-log.js';
import { ensureStreams } from '../streams/ensure-streams.js';
import type { StreamOverrides } from '../streams/stream-config.js';
import type { AnyStreamName } from '../streams/stream-table.js';
import type { Link } from './link.js';
import { Backoff, pause } from './pause.js';

export interface LinkKeeperOptions {
  readonly connection: ConnectionOptions;
  readonly overrides: StreamOverrides;
  /** How often the streams are read back and compared. */
  readonly verifyIntervalMs: number;
  readonly requestTimeoutMs: number;
  readonly log: BusLog;
  readonly counters: BusCounters;
  readonly onLink: (link: Link) => void;
  readonly onUnlink: () => void;
}

/** Connects in the background for ever, and keeps the streams as the table wants them. */
export class LinkKeeper {
  /** Configuration on the server that is not as wanted, by the thing it is about. */
  readonly drift = new Map<string, string>();
  private link: { value: Link; ended: AbortController } | undefined;
  private connection: NatsConnection | undefined;
  private connected = false;
  private failure = 'not connected yet';
  private readonly closing = new AbortController();
  private waiters: Array<(link: Link) => void> = [];
  private checking = false;
  private checkAgain = false;
  private readonly finished: Promise<void>;

  constructor(private readonly options: LinkKeeperOptions) {
    const timer = setInterval(() => this.recheck(), options.verifyIntervalMs);
    timer.unref();
    this.closing.signal.addEventListener('abort', () => clearInterval(timer));
    this.finished = this.run();
  }

  get isConnected(): boolean {
    return this.connected;
  }

  get current(): Link | undefined {
    return this.link?.value;
  }

  /** Why there is no link, or what the server's configuration lacks. */
  get problem(): string | undefined {
    if (!this.link) return this.failure;
    for (const sentence of this.drift.values()) return sentence;
    return undefined;
  }

  /** The link, as soon as there is one; rejects when `signal` is aborted first. */
  waitForLink(signal: AbortSignal): Promise<Link> {
    if (this.link) return Promise.resolve(this.link.value);
    return new Promise((resolve, reject) => {
      const arrived = (link: Link) => {
        signal.removeEventListener('abort', aborted);
        resolve(link);
      };
      const aborted = () => {
        this.waiters = this.waiters.filter((waiter) => waiter !== arrived);
        reject(new Error('stopped while waiting for NATS'));
      };
      if (signal.aborted) return aborted();
      signal.addEventListener('abort', aborted, { once: true });
      this.waiters.push(arrived);
    });
  }

  /** Looks at the streams now: one may have been deleted. */
  recheck(): void {
    const { connection } = this;
    if (!connection || !this.connected) return;
    if (this.checking) {
      this.checkAgain = true;
      return;
    }
    this.checking = true;
    void this.check(connection, this.link === undefined).finally(() => {
      this.checking = false;
      if (this.checkAgain) {
        this.checkAgain = false;
        this.recheck();
      }
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.unlink('the bus is closed');
    await this.connection?.close().catch(() => {});
    await this.finished;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff(200, 3000);
    while (!this.closing.signal.aborted) {
      try {
        const connection = await connect(this.options.connection);
        if (this.closing.signal.aborted) return await connection.close();
        backoff.reset();
        await this.serve(connection);
      } catch (error) {
        this.failure = this.describe(error);
        this.options.log.warn({}, this.failure);
      }
      await pause(backoff.next(), this.closing.signal);
    }
  }

  /** Until the connection is closed for good. */
  private async serve(connection: NatsConnection): Promise<void> {
    this.connection = connection;
    this.connected = true;
    this.options.log.info(
      { server: connection.getServer(), version: connection.info?.version },
      'connected to NATS',
    );
    void this.watch(connection);
    this.recheck();
    const error = await connection.closed();
    this.connected = false;
    this.connection = undefined;
    this.unlink(this.describe(error ?? new Error('the connection was closed')));
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === Events.Disconnect) {
        this.connected = false;
        this.unlink(this.describe(new Error('the connection was lost')));
        this.options.log.warn({ server: connection.getServer() }, this.failure);
      } else if (status.type === Events.Reconnect) {
        this.connected = true;
        this.options.counters.reconnects++;
        this.options.log.info({ server: connection.getServer() }, 'reconnected to NATS');
        this.recheck();
      }
    }
  }

  private async check(connection: NatsConnection, repair: boolean): Promise<void> {
    const backoff = new Backoff(100, 2000);
    while (this.connected && this.connection === connection && !this.closing.signal.aborted) {
      try {
        const manager = await connection.jetstreamManager({
          checkAPI: false,
          timeout: this.options.requestTimeoutMs,
        });
        const known = this.link?.value.created ?? new Map();
        const state = await ensureStreams(manager, this.options.overrides, repair, known);
        if (!this.connected || this.connection !== connection) return;
        for (const name of state.made) this.options.log.info({ stream: name }, 'stream created');
        this.setStreamDrift(state.drift);
        if (!this.link || isOther(this.link.value.created, state.created)) {
          this.unlink('a stream was lost');
          this.establish(connection, manager, state.created);
        }
        return;
      } catch (error) {
        this.failure = `JetStream at ${connection.getServer()} does not answer (${(error as Error).message}); start nats-server with --jetstream`;
        this.options.log.warn({}, this.failure);
        if (this.link) return;
      }
      await pause(backoff.next(), this.closing.signal);
    }
  }

  private establish(
    connection: NatsConnection,
    manager: JetStreamManager,
    created: ReadonlyMap<AnyStreamName, string>,
  ): void {
    const ended = new AbortController();
    const { signal } = ended;
    const jetstream = connection.jetstream({ timeout: this.options.requestTimeoutMs });
    const value: Link = { connection, manager, jetstream, created, signal };
    this.link = { value, ended };
    this.options.onLink(value);
    for (const waiter of this.waiters.splice(0)) waiter(value);
  }

  private unlink(reason: string): void {
    this.failure = reason;
    const { link } = this;
    if (!link) return;
    this.link = undefined;
    link.ended.abort();
    this.options.onUnlink();
  }

  private setStreamDrift(sentences: readonly string[]): void {
    for (const key of [...this.drift.keys()]) if (key.startsWith('stream ')) this.drift.delete(key);
    sentences.forEach((sentence, i) => {
      this.drift.set(`stream ${i}`, sentence);
      this.options.log.error({}, sentence);
    });
  }

  private describe(error: unknown): string {
    const servers = this.options.connection.servers;
    const where = Array.isArray(servers) ? servers.join(', ') : (servers ?? '');
    return `NATS at ${where} is not reachable (${(error as Error).message}); check that nats-server runs there and that its address is right`;
  }
}

function isOther(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  if (before.size !== now.size) return true;
  for (const [name, created] of now) if (before.get(name) !== created) return true;
  return false;
}
