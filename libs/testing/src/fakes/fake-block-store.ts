import { TIERS } from '@penstock/core/kv';
import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';

interface Held {
  incarnation: number;
  sequence: number;
  engineSequence: number;
  facts: Readonly<Record<string, string>>;
  /** By tier: engine hash to key. */
  blocks: Map<string, Map<bigint, bigint>>;
  last: StoredDelta | undefined;
}

let stores = 0;

/** In-memory `BlockStore`; `disconnect` makes every call fail, `flushAll` loses everything. */
export class FakeBlockStore implements BlockStore {
  private readonly held = new Map<string, Held>();
  private currentEpoch = `fake-${++stores}-0`;
  private flushes = 0;
  private away = false;

  disconnect(): void {
    this.away = true;
  }

  reconnect(): void {
    this.away = false;
  }

  flushAll(): void {
    this.held.clear();
    this.currentEpoch = `fake-${stores}-${++this.flushes}`;
  }

  async epoch(): Promise<string> {
    this.requireConnection();
    return this.currentEpoch;
  }

  async engines(namespace: string, pool: string): Promise<string[]> {
    this.requireConnection();
    const prefix = keyOf(namespace, pool, '');
    return [...this.held.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  async load(namespace: string, pool: string, engineId: string): Promise<StoredEngine | undefined> {
    this.requireConnection();
    const held = this.held.get(keyOf(namespace, pool, engineId));
    if (!held) return undefined;
    const { incarnation, sequence, engineSequence, facts } = held;
    const blocks = TIERS.filter((tier) => held.blocks.get(tier)?.size).map((tier) => {
      const pairs = held.blocks.get(tier) ?? new Map<bigint, bigint>();
      return {
        tier,
        engineHashes: BigUint64Array.from(pairs.keys()),
        keys: BigUint64Array.from(pairs.values()),
      };
    });
    return { engineId, incarnation, sequence, engineSequence, facts, blocks };
  }

  async append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean> {
    this.requireConnection();
    const key = keyOf(namespace, pool, delta.engineId);
    const before = this.held.get(key);
    if (before?.incarnation === delta.incarnation && before.sequence === delta.sequence) {
      return before.last !== undefined && sameDelta(before.last, delta);
    }
    const isFirst = delta.sequence === 1 && delta.incarnation > (before?.incarnation ?? -1);
    const follows = before?.incarnation === delta.incarnation && before.sequence === delta.sequence - 1;
    if (!isFirst && !follows) return false;
    const { incarnation, sequence, engineSequence } = delta;
    const blocks = isFirst || delta.cleared ? new Map() : (before?.blocks ?? new Map());
    const facts = isFirst ? {} : (before?.facts ?? {});
    for (const { tier, engineHashes } of delta.removed)
      for (const hash of engineHashes) blocks.get(tier)?.delete(hash);
    for (const { tier, engineHashes, keys } of delta.changes) {
      const pairs = blocks.get(tier) ?? new Map();
      blocks.set(tier, pairs);
      engineHashes.forEach((hash, i) => {
        pairs.set(hash, keys[i]!);
      });
    }
    this.held.set(key, {
      incarnation,
      sequence,
      engineSequence,
      facts,
      blocks,
      last: structuredClone(delta),
    });
    return true;
  }

  async replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean> {
    this.requireConnection();
    const key = keyOf(namespace, pool, engine.engineId);
    const before = this.held.get(key);
    const { incarnation, sequence, engineSequence } = engine;
    if (before && before.incarnation > incarnation) return false;
    if (before && before.incarnation === incarnation && before.sequence > sequence) return false;
    const blocks = new Map<string, Map<bigint, bigint>>();
    for (const { tier, engineHashes, keys } of engine.blocks) {
      const pairs = blocks.get(tier) ?? new Map<bigint, bigint>();
      blocks.set(tier, pairs);
      engineHashes.forEach((hash, i) => {
        pairs.set(hash, keys[i]!);
      });
    }
    const facts = { ...engine.facts };
    this.held.set(key, { incarnation, sequence, engineSequence, facts, blocks, last: undefined });
    return true;
  }

  async remove(namespace: string, pool: string, engineId: string): Promise<void> {
    this.requireConnection();
    this.held.delete(keyOf(namespace, pool, engineId));
  }

  async probe(): Promise<void> {
    this.requireConnection();
  }

  async close(): Promise<void> {}

  private requireConnection(): void {
    if (this.away) throw new Error('the fake block store is disconnected');
  }
}

function keyOf(namespace: string, pool: string, engineId: string): string {
  return `${JSON.stringify([namespace, pool])}:${engineId}`;
}

function sameDelta(a: StoredDelta, b: StoredDelta): boolean {
  const text = (delta: StoredDelta) =>
    JSON.stringify(delta, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return text(a) === text(b);
}
