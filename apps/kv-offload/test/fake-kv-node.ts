import { crc32 } from 'node:zlib';
import { kvnodeV1 } from '@penstock/contracts';
import type { ObjectStore } from '@penstock/core/ports';
import type { KvNodeClient } from '../src/application/kv-node-client.js';

const { Tier } = kvnodeV1;

/** Where the fakes' chunks are: as an engine with this model and layout would name them. */
export function pathOf(hash: string): string {
  return `model_0123456789ab_r0/${hash.slice(0, 3)}/${hash.slice(3, 5)}_g0/${hash}.bin`;
}

interface Held {
  bytes: Buffer;
  crc32: number;
  scope: string;
  blockKeys: Uint8Array;
  lastUsedMs: number;
  adopted: boolean;
}

type Message = kvnodeV1.WatchInventoryResponse;

/** A kv-node in memory: it holds real bytes, does what it is asked at once, and can fail in every way a real one can. */
export class FakeKvNode {
  readonly tiers = { cpu: new Map<string, Held>(), ssd: new Map<string, Held>() };
  /** Paths whose bytes were removed by order, at the moment they were. */
  readonly removed: string[] = [];
  moves = 0;
  /** Answers to moves get lost, although they were carried out. */
  loseAnswers = false;
  /** Moves are neither carried out nor answered until it is false again; they fail then. */
  isHung = false;
  /** As `isHung`, for moves to and from S3 only. */
  isHungOnS3 = false;
  isDown = false;
  onRemove: (path: string, tier: 'cpu' | 'ssd') => void = () => {};
  private incarnation = 1;
  private readonly watchers = new Set<Watcher>();

  constructor(
    readonly node: string,
    /** Of the SSD 0: there is none. */
    readonly capacityBytes: { cpu: number; ssd: number },
    private readonly store: ObjectStore | undefined,
    private readonly nowMs: () => number,
  ) {}

  /** What an engine does: the file is there, and nobody knows its blocks. */
  write(hash: string, bytes: Buffer): string {
    const path = pathOf(hash);
    const held = { bytes, crc32: 0, scope: '', blockKeys: new Uint8Array(0), adopted: false };
    this.tiers.cpu.set(path, { ...held, lastUsedMs: this.nowMs() });
    return path;
  }

  /** Connections end and new ones are refused until `up`. */
  down(): void {
    this.isDown = true;
    this.cut();
  }

  up(): void {
    this.isDown = false;
  }

  /** Connections end. */
  cut(): void {
    for (const watcher of this.watchers) watcher.fail(new Error('14 UNAVAILABLE: connection dropped'));
  }

  /** A new life, perhaps with other content. */
  restart(change: (tiers: FakeKvNode['tiers']) => void = () => {}): void {
    this.incarnation++;
    this.cut();
    change(this.tiers);
  }

  /** A copy goes without anybody having asked for it. */
  lose(path: string, tier: 'cpu' | 'ssd', reason: string): void {
    if (this.tiers[tier].delete(path)) this.tell({ removed: [{ path, tier: tierOf(tier), reason }] });
  }

  connect(): KvNodeClient {
    const closed = new AbortController();
    const guard = () => {
      if (this.isDown || closed.signal.aborted) throw new Error('14 UNAVAILABLE: no connection');
    };
    return {
      watch: (signal) => this.watch(AbortSignal.any([signal, closed.signal]), guard),
      adopt: async (chunks) => {
        guard();
        return chunks.map((chunk) => this.adopt(chunk));
      },
      move: async (moves) => {
        guard();
        const isWithS3 = moves.some(({ from, to }) => from === Tier.TIER_S3 || to === Tier.TIER_S3);
        while (this.isHung || (this.isHungOnS3 && isWithS3))
          await new Promise((resolve) => setTimeout(resolve, 5));
        const results: kvnodeV1.MoveResult[] = [];
        for (const move of moves) results.push(await this.move(move));
        if (this.loseAnswers) throw new Error('4 DEADLINE_EXCEEDED: no answer');
        return results;
      },
      verify: async (copies) => {
        guard();
        return await Promise.all(copies.map((copy) => this.verify(copy)));
      },
      ping: async () => guard(),
      close: () => closed.abort(),
    };
  }

  private async *watch(signal: AbortSignal, guard: () => void): AsyncGenerator<Message> {
    guard();
    const watcher = new Watcher();
    const end = () => watcher.fail(new Error('1 CANCELLED'));
    signal.addEventListener('abort', end, { once: true });
    this.watchers.add(watcher);
    const all = [...this.list('cpu'), ...this.list('ssd')];
    try {
      for (let at = 0; at < all.length; at += 3) {
        yield this.message({ listing: true, stored: all.slice(at, at + 3) });
      }
      yield this.message({});
      for (;;) yield await watcher.next();
    } finally {
      this.watchers.delete(watcher);
      signal.removeEventListener('abort', end);
    }
  }

  private list(tier: 'cpu' | 'ssd'): kvnodeV1.ChunkCopy[] {
    return Array.from(this.tiers[tier])
      .filter(([, { adopted }]) => adopted)
      .map(([path, held]) => copyOf(path, tier, held));
  }

  private adopt({ hash, scope, blockKeys }: kvnodeV1.WrittenChunk): kvnodeV1.AdoptResult {
    const path = pathOf(hash);
    const found = (['cpu', 'ssd'] as const).filter((tier) => this.tiers[tier].has(path));
    if (found.length === 0) {
      return { path: '', tier: Tier.TIER_UNSPECIFIED, sizeBytes: '0', crc32: 0, problem: 'missing' };
    }
    for (const tier of found) {
      const held = this.tiers[tier].get(path) as Held;
      Object.assign(held, { scope, blockKeys, adopted: true, crc32: crc32(held.bytes) });
      this.tell({ stored: [copyOf(path, tier, held)] });
    }
    const held = this.tiers[found[0] as 'cpu'].get(path) as Held;
    const facts = { sizeBytes: String(held.bytes.length), crc32: held.crc32 };
    return { path, tier: tierOf(found[0] as 'cpu'), ...facts, problem: '' };
  }

  private async move(order: kvnodeV1.ChunkMove): Promise<kvnodeV1.MoveResult> {
    this.moves++;
    const { path, from, to, removeSource } = order;
    const answer = (problem: string, bytes = 0): kvnodeV1.MoveResult => {
      return { problem, message: problem, bytes: String(bytes), durationMs: 1 };
    };
    const source = localOf(from);
    if (removeSource) {
      if (!source || !this.tiers[source].has(path)) return answer('missing');
      this.onRemove(path, source);
      this.tiers[source].delete(path);
      this.removed.push(path);
      this.tell({ removed: [{ path, tier: from, reason: 'asked' }] });
      return answer('');
    }
    const bytes = source ? this.tiers[source].get(path)?.bytes : await this.download(path);
    if (!bytes) return answer('missing');
    if (crc32(bytes) !== order.chunk?.crc32) return answer('checksum');
    const facts = { scope: order.chunk.scope, blockKeys: order.chunk.blockKeys, crc32: order.chunk.crc32 };
    const target = localOf(to);
    if (!target) return answer(await this.upload(path, bytes, facts));
    if (this.used(target) + bytes.length > this.capacityBytes[target]) return answer('full');
    const lastUsedMs = source ? (this.tiers[source].get(path)?.lastUsedMs ?? 0) : this.nowMs();
    const held: Held = { ...facts, bytes: Buffer.from(bytes), adopted: true, lastUsedMs };
    this.tiers[target].set(path, held);
    this.tell({ stored: [copyOf(path, target, held)] });
    return answer('', bytes.length);
  }

  private async download(path: string): Promise<Buffer | undefined> {
    try {
      const parts: Uint8Array[] = [];
      for await (const part of (await this.store?.get(path))?.body ?? []) parts.push(part);
      return Buffer.concat(parts);
    } catch {
      return undefined;
    }
  }

  private async upload(
    path: string,
    bytes: Buffer,
    facts: { crc32: number; scope: string; blockKeys: Uint8Array },
  ): Promise<string> {
    const metadata = {
      'penstock-crc32': facts.crc32.toString(16).padStart(8, '0'),
      'penstock-keys': Buffer.from(facts.blockKeys).toString('base64'),
      'penstock-scope': facts.scope,
    };
    try {
      await this.store?.put(path, bytes, { sizeBytes: bytes.length, crc32: facts.crc32, metadata });
      return this.store ? '' : 'unreachable';
    } catch {
      return 'unreachable';
    }
  }

  private async verify({ path, tier, sizeBytes, crc32: wanted }: kvnodeV1.CopyRef): Promise<string> {
    const local = localOf(tier);
    const bytes = local ? this.tiers[local].get(path)?.bytes : await this.download(path);
    if (!bytes) return 'missing';
    if (bytes.length !== Number(sizeBytes)) return 'size';
    return crc32(bytes) === wanted ? '' : 'checksum';
  }

  private used(tier: 'cpu' | 'ssd'): number {
    return [...this.tiers[tier].values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  private tell(news: Partial<Message>): void {
    for (const watcher of this.watchers) watcher.push(this.message(news));
  }

  private message(news: Partial<Message>): Message {
    const use = (tier: 'cpu' | 'ssd') => ({
      tier: tierOf(tier),
      usedBytes: String(this.used(tier)),
      capacityBytes: String(this.capacityBytes[tier]),
      chunks: String(this.tiers[tier].size),
    });
    const position = { node: this.node, incarnation: String(this.incarnation) };
    return {
      ...{ ...position, listing: false, stored: [], removed: [], cpu: use('cpu') },
      ssd: this.capacityBytes.ssd > 0 ? use('ssd') : undefined,
      ...news,
    };
  }
}

/** News for one connection, in order. */
class Watcher {
  private readonly queue: Message[] = [];
  private error: Error | undefined;
  private wake = () => {};

  push(message: Message): void {
    this.queue.push(message);
    this.wake();
  }

  fail(error: Error): void {
    this.error ??= error;
    this.wake();
  }

  async next(): Promise<Message> {
    for (;;) {
      if (this.error) throw this.error;
      const message = this.queue.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function tierOf(tier: 'cpu' | 'ssd'): kvnodeV1.Tier {
  return tier === 'cpu' ? Tier.TIER_CPU : Tier.TIER_SSD;
}

function localOf(tier: kvnodeV1.Tier): 'cpu' | 'ssd' | undefined {
  if (tier === Tier.TIER_CPU) return 'cpu';
  return tier === Tier.TIER_SSD ? 'ssd' : undefined;
}

function copyOf(path: string, tier: 'cpu' | 'ssd', held: Held): kvnodeV1.ChunkCopy {
  const { scope, blockKeys, bytes } = held;
  const chunk = { path, scope, blockKeys, sizeBytes: String(bytes.length), crc32: held.crc32 };
  return { chunk, tier: tierOf(tier), lastUsedMs: String(held.lastUsedMs) };
}
