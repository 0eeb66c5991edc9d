import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { choosePublisher, type RefusalReason } from './choose-publisher.js';
import { DialledConnection } from './dialled-connection.js';
import { DialledPublisher } from './dialled-publisher.js';
import type { DialledStreamHandlers, ExpectedPublisher } from './expected-publisher.js';

export interface KvEventListenerOptions {
  /** Address to bind, such as `0.0.0.0` or `::`. */
  readonly host: string;
  /** First port; 0 takes free ones. */
  readonly port: number;
  /** Ports from the first on, one per data-parallel rank, as vLLM adds its rank to the port it dials. Default 1. */
  readonly ranks?: number;
  /** Prefix of the topics wanted; default all. */
  readonly topic?: string;
  /** Connections at once; default 4,096, and 256 from one address. */
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  /** Default 16 MiB; a connection that brings more in one message is closed. */
  readonly maxMessageBytes?: number;
}

/** Why a connection was closed: nobody's, of an engine that two publishers claim to be, one too many, broken. */
export type ListenerRefusal = RefusalReason | 'conflict' | 'too-many' | 'failed';

export interface ListenerStats {
  connections: number;
  /** Connections that were taken for an engine. */
  accepted: number;
  /** Times two publishers were there for one engine, so that neither was believed for a while. */
  conflicts: number;
  readonly refusals: Partial<Record<ListenerRefusal, number>>;
}

const DEFAULT_MAX_CONNECTIONS = 4_096;
/** Whoever holds one engine shall not take the places of the others. */
const DEFAULT_MAX_CONNECTIONS_PER_ADDRESS = 256;
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** An engine may dial before the cluster has told us of it; and one that is not ours shall not dial all the time. */
const STRANGERS_WAIT_MS = 250;

interface Dialled {
  readonly address: string;
  readonly rank: number;
  connection?: DialledConnection;
  publisher?: DialledPublisher;
  topic?: string;
}

/**
 * Where engines dial in that do not wait to be dialled. A connection is an engine's because of the address it comes from,
 * as the cluster knows it; its topic only tells apart engines that share an address (`choosePublisher`). One that is
 * nobody's is closed: its ZeroMQ dials again, and a service in front of several replicas may then lead it to another one.
 *
 * Whoever can open connections from an engine's address can speak for that engine: another container of its pod, and for
 * pods in their node's network any process of the node.
 */
export class KvEventListener {
  readonly stats: ListenerStats = { connections: 0, accepted: 0, conflicts: 0, refusals: {} };
  private readonly servers: Server[] = [];
  private readonly expected = new Set<DialledPublisher>();
  private readonly peers = new Map<Socket, string>();
  private readonly open = new Set<DialledConnection>();
  private readonly closing = new AbortController();

  private constructor(private readonly options: KvEventListenerOptions) {}

  /** Fails with the address in the message when it is malformed or a port is taken. */
  static async bind(options: KvEventListenerOptions): Promise<KvEventListener> {
    const listener = new KvEventListener(options);
    try {
      for (let rank = 0; rank < (options.ranks ?? 1); rank++) await listener.bindRank(rank);
    } catch (error) {
      await listener.close();
      throw new Error(
        `cannot listen for engines on ${options.host}:${options.port} (${options.ranks ?? 1} ports): ` +
          `${(error as Error).message}; give an address of this machine and free ports`,
        { cause: error },
      );
    }
    return listener;
  }

  /** Ports bound, by rank. */
  get ports(): readonly number[] {
    return this.servers.map((server) => (server.address() as { port: number }).port);
  }

  /** Takes connections of this engine from now on; the function returned ends that. */
  expect(publisher: ExpectedPublisher, handlers: DialledStreamHandlers): () => void {
    const expected = new DialledPublisher(publisher, handlers);
    this.expected.add(expected);
    return () => {
      this.expected.delete(expected);
      expected.leave();
    };
  }

  /** Closes the ports and every connection. */
  async close(): Promise<void> {
    this.closing.abort();
    for (const publisher of this.expected) publisher.leave();
    this.expected.clear();
    const open = [...this.open];
    for (const connection of open) connection.close();
    await Promise.all([
      ...open.map((connection) => connection.ended()),
      ...this.servers.map((server) => new Promise((resolve) => server.close(resolve))),
    ]);
  }

  private async bindRank(rank: number): Promise<void> {
    const { host, port } = this.options;
    const server = createServer({ pauseOnConnect: true }, (peer) => void this.dialled(peer, rank));
    server.listen(port === 0 ? 0 : port + rank, host);
    await once(server, 'listening');
    // From now on an error is one connection that could not be taken, for want of file descriptors.
    server.on('error', () => this.count('failed'));
    this.servers.push(server);
  }

  private async dialled(peer: Socket, rank: number): Promise<void> {
    this.stats.connections++;
    peer.on('error', () => peer.destroy());
    peer.on('close', () => this.peers.delete(peer));
    const from: Dialled = { address: plainAddress(peer.remoteAddress ?? ''), rank };
    if (!this.hasRoom(from.address)) {
      this.refuse(peer, 'too-many');
      return;
    }
    this.peers.set(peer, from.address);
    if (this.choose(from) === 'unknown-address') {
      await sleep(STRANGERS_WAIT_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      if (this.choose(from) === 'unknown-address') {
        this.refuse(peer, 'unknown-address');
        return;
      }
    }
    try {
      await this.receive(peer, from);
    } catch {
      this.refuse(peer, 'failed');
    }
  }

  private hasRoom(address: string): boolean {
    const {
      maxConnections = DEFAULT_MAX_CONNECTIONS,
      maxConnectionsPerAddress = DEFAULT_MAX_CONNECTIONS_PER_ADDRESS,
    } = this.options;
    if (this.peers.size >= maxConnections) return false;
    let there = 0;
    for (const other of this.peers.values()) if (other === address) there++;
    return there < maxConnectionsPerAddress;
  }

  private async receive(peer: Socket, from: Dialled): Promise<void> {
    const { topic = '', maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = this.options;
    const connection = await DialledConnection.open(peer, {
      topic,
      maxMessageBytes,
      onHandshake: () => this.identify(from),
      onFrames: (frames) => {
        const said = frames[0]?.toString() ?? '';
        if (from.topic !== said || !from.publisher) this.identify(from, said);
        from.publisher?.receive(connection, frames);
      },
      onClose: () => {
        this.open.delete(connection);
        from.publisher?.lost(connection);
      },
    });
    from.connection = connection;
    this.open.add(connection);
    if (this.closing.signal.aborted) connection.close();
  }

  /** Finds out whose connection it is, or still is. */
  private identify(from: Dialled, topic?: string): void {
    const { connection } = from;
    const chosen = this.choose({ ...from, topic });
    if (!connection || chosen === undefined) return;
    const refusal = typeof chosen === 'string' ? chosen : this.claim(from, connection, chosen);
    if (refusal) this.refuse(connection, refusal);
    else from.topic = topic;
  }

  private claim(
    from: Dialled,
    connection: DialledConnection,
    chosen: DialledPublisher,
  ): ListenerRefusal | undefined {
    if (from.publisher) return from.publisher === chosen ? undefined : 'foreign-topic';
    const verdict = chosen.take(connection, performance.now());
    if (verdict !== 'taken') {
      if (verdict === 'conflict') this.stats.conflicts++;
      return 'conflict';
    }
    from.publisher = chosen;
    this.stats.accepted++;
    return undefined;
  }

  private choose({ address, rank, topic }: Dialled): DialledPublisher | RefusalReason | undefined {
    return choosePublisher({ address, rank, topic }, [...this.expected]);
  }

  private refuse(connection: Socket | DialledConnection, reason: ListenerRefusal): void {
    this.count(reason);
    if (connection instanceof DialledConnection) connection.close();
    else connection.destroy();
  }

  private count(reason: ListenerRefusal): void {
    this.stats.refusals[reason] = (this.stats.refusals[reason] ?? 0) + 1;
  }
}

/** IPv4 addresses arrive in the form of IPv6 on a socket that takes both. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
