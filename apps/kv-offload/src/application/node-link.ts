import type { kvnodeV1 } from '@penstock/contracts';
import type { ChunkLedger, Place, PlaceCapacity } from '@penstock/core/tiering';
import type { Logger } from 'pino';
import type { ConnectKvNode, KvNodeClient } from './kv-node-client.js';
import { type InventoryNews, NodeInventory } from './node-inventory.js';
import { pause } from './pause.js';

export type LinkState = 'connecting' | 'listing' | 'live' | 'lost';

export interface LinkOptions {
  readonly ledger: ChunkLedger;
  readonly connect: ConnectKvNode;
  readonly logger: Logger;
  readonly onNews: (link: NodeLink, news: InventoryNews) => void;
  /** Shortest and longest pause between two attempts to connect. */
  readonly retryMs?: readonly [number, number];
  readonly pingMs?: number;
}

const RETRY_MS = [200, 5_000] as const;
/** kv-nodes look after themselves when nobody has asked anything of them for 10 s. */
const PING_MS = 3_000;

/** The connection to one kv-node, kept for ever; the ledger follows what the node says. */
export class NodeLink {
  state: LinkState = 'connecting';
  /** Why it is not live. */
  problem = 'not connected yet';
  private readonly stopped = new AbortController();
  private session: AbortController | undefined;
  private current: KvNodeClient | undefined;
  private readonly tiers = new Map<'cpu' | 'ssd', { capacityBytes: number; unknownBytes: number }>();
  private done: Promise<void> | undefined;

  constructor(
    readonly node: string,
    readonly address: string,
    private readonly options: LinkOptions,
  ) {}

  /** For commands; undefined unless the node's inventory is known and its news arrive. */
  get client(): KvNodeClient | undefined {
    return this.state === 'live' ? this.current : undefined;
  }

  /** Tiers that the node has, with the capacity it last told. */
  capacities(): PlaceCapacity[] {
    return Array.from(this.tiers, ([tier, { capacityBytes }]) => {
      return { place: { tier, node: this.node }, capacityBytes };
    });
  }

  /** As `capacities`, less what files take up that the node cannot move yet: they have no checksum. */
  usableCapacities(): PlaceCapacity[] {
    return Array.from(this.tiers, ([tier, { capacityBytes, unknownBytes }]) => {
      const usable = capacityBytes === 0 ? 0 : Math.max(1, capacityBytes - unknownBytes);
      return { place: { tier, node: this.node }, capacityBytes: usable };
    });
  }

  start(): void {
    this.done = this.run();
  }

  /** Connects anew: it is not known what became of a command, and the inventory will tell. */
  relist(why: string): void {
    if (this.state !== 'live') return;
    this.state = 'connecting';
    this.problem = why;
    this.session?.abort();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.session?.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    const [shortestMs, longestMs] = this.options.retryMs ?? RETRY_MS;
    let waitMs = shortestMs;
    while (!signal.aborted) {
      const wasLive = await this.connectOnce();
      if (signal.aborted) break;
      const { node, address, problem } = this;
      if (this.state !== 'lost' || wasLive) {
        this.options.logger.warn({ node, address, reason: problem }, 'no connection to a kv-node');
      }
      this.state = 'lost';
      waitMs = wasLive ? shortestMs : Math.min(waitMs * 2, longestMs);
      await pause(waitMs, signal);
    }
    this.state = 'lost';
  }

  /** One connection from beginning to end; whether it was live. */
  private async connectOnce(): Promise<boolean> {
    const session = new AbortController();
    this.session = session;
    const { connect, ledger, pingMs = PING_MS } = this.options;
    const client = connect(this.address);
    const inventory = new NodeInventory(ledger, this.node);
    let wasLive = false;
    const ping = setInterval(() => {
      client.ping().catch((error: unknown) => {
        if (session.signal.aborted) return;
        this.problem = `it does not answer: ${messageOf(error)}`;
        session.abort();
      });
    }, pingMs);
    try {
      for await (const message of client.watch(session.signal)) {
        if (session.signal.aborted) break;
        this.take(client, inventory, message);
        wasLive ||= this.state === 'live';
      }
      if (!session.signal.aborted) this.problem = 'it ended the connection';
    } catch (error) {
      if (!session.signal.aborted) this.problem = messageOf(error);
    } finally {
      clearInterval(ping);
      this.current = undefined;
      client.close();
    }
    return wasLive;
  }

  private take(
    client: KvNodeClient,
    inventory: NodeInventory,
    message: kvnodeV1.WatchInventoryResponse,
  ): void {
    const { logger, onNews } = this.options;
    if (message.node !== this.node) {
      const what = `it says it serves node "${message.node}"; give every kv-node the name of the node it runs on`;
      throw new Error(what);
    }
    const news = inventory.apply(message);
    for (const tier of ['cpu', 'ssd'] as const) this.note(tier, message[tier]);
    if (news.refused > 0) {
      logger.warn({ node: this.node, count: news.refused }, 'a kv-node named chunks that are none');
    }
    if (news.complete) {
      this.current = client;
      this.state = 'live';
      this.problem = '';
      logger.info({ node: this.node, address: this.address }, 'a kv-node is connected');
    } else if (inventory.isListing) this.state = 'listing';
    onNews(this, news);
  }

  private note(tier: 'cpu' | 'ssd', told: kvnodeV1.TierUse | undefined): void {
    if (!told) return;
    const place: Place = { tier, node: this.node };
    const { usedBytes } = this.options.ledger.use(place);
    this.tiers.set(tier, {
      capacityBytes: Number(told.capacityBytes),
      unknownBytes: Math.max(0, Number(told.usedBytes) - usedBytes),
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
