import { type EngineBlocks, TIERS } from '@penstock/core/kv';
import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';

interface Held {
  incarnation: number;
  sequence: number;
  engineSequence: number;
  facts: Readonly<Record<string, string>>;
  windowBlocks: number;
  /** By place (tier and window): engine hash to key and check bits. */
  blocks: Map<string, Map<bigint, readonly [key: bigint, check: number]>>;
  last: StoredDelta | undefined;
}

let stores = 0;

/** In-memory `BlockStore`; `disconnect` makes every call fail, `flushAll` loses everything. */
export class FakeBlockStore implements BlockStore {
  private readonly held = new Map<string, Held>();
  /** Incarnations of removed engines. */
  private readonly removed = new Map<string, number>();
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
    this.removed.clear();
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
    const { incarnation, sequence, engineSequence, facts, windowBlocks } = held;
    return {
      engineId,
      incarnation,
      sequence,
      engineSequence,
      facts,
      ...(windowBlocks > 0 ? { windowBlocks } : {}),
      blocks: blocksOf(held.blocks),
    };
  }

  async *loadPool(namespace: string, pool: string): AsyncIterable<StoredEngine> {
    for (const engineId of await this.engines(namespace, pool)) {
      const engine = await this.load(namespace, pool, engineId);
      if (engine) yield engine;
    }
  }

  async append(namespace: string, pool: string, delta: StoredDelta): Promise<boolean> {
    this.requireConnection();
    const key = keyOf(namespace, pool, delta.engineId);
    const before = this.held.get(key);
    if (before?.incarnation === delta.incarnation && before.sequence === delta.sequence) {
      return before.last !== undefined && sameDelta(before.last, delta);
    }
    const known = before?.incarnation ?? (this.removed.get(key) ?? 0) - 1;
    const isFirst = delta.sequence === 1 && delta.incarnation > known;
    const follows = before?.incarnation === delta.incarnation && before.sequence === delta.sequence - 1;
    if (!isFirst && !follows) return false;
    const { incarnation, sequence, engineSequence, windowBlocks = 0 } = delta;
    const blocks: Held['blocks'] =
      isFirst || delta.cleared ? new Map() : (before?.blocks ?? (new Map() as Held['blocks']));
    const facts = isFirst ? {} : (before?.facts ?? {});
    for (const { engineHashes, ...place } of delta.removed)
      for (const hash of engineHashes) blocks.get(placeOf(place))?.delete(hash);
    put(blocks, delta.changes);
    const last = structuredClone(delta);
    this.held.set(key, { incarnation, sequence, engineSequence, facts, windowBlocks, blocks, last });
    return true;
  }

  async replace(namespace: string, pool: string, engine: StoredEngine): Promise<boolean> {
    this.requireConnection();
    const key = keyOf(namespace, pool, engine.engineId);
    const before = this.held.get(key);
    const { incarnation, sequence, engineSequence, windowBlocks = 0 } = engine;
    if (incarnation < (before?.incarnation ?? this.removed.get(key) ?? 0)) return false;
    if (before && before.incarnation === incarnation && before.sequence > sequence) return false;
    const blocks: Held['blocks'] = new Map();
    put(blocks, engine.blocks);
    const facts = { ...engine.facts };
    const last = undefined;
    this.held.set(key, { incarnation, sequence, engineSequence, facts, windowBlocks, blocks, last });
    return true;
  }

  async remove(namespace: string, pool: string, engineId: string, incarnation?: number): Promise<void> {
    this.requireConnection();
    const key = keyOf(namespace, pool, engineId);
    const held = this.held.get(key);
    if (!held || held.incarnation > (incarnation ?? held.incarnation)) return;
    this.held.delete(key);
    this.removed.set(key, held.incarnation);
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

function placeOf({ tier, window }: { readonly tier: string; readonly window?: boolean }): string {
  return window ? `${tier} window` : tier;
}

function put(blocks: Held['blocks'], stored: EngineBlocks): void {
  for (const { engineHashes, keys, checks, ...place } of stored) {
    const pairs = blocks.get(placeOf(place)) ?? new Map();
    blocks.set(placeOf(place), pairs);
    engineHashes.forEach((hash, i) => {
      pairs.set(hash, [keys[i]!, checks?.[i] ?? 0]);
    });
  }
}

/** Places without blocks, and check bits where none is known, are left out. */
function blocksOf(blocks: Held['blocks']): EngineBlocks {
  return [false, true].flatMap((window) =>
    TIERS.flatMap((tier) => {
      const place = window ? { tier, window } : { tier };
      const pairs = [...(blocks.get(placeOf(place)) ?? [])];
      if (pairs.length === 0) return [];
      const checks = Uint32Array.from(pairs, ([, [, check]]) => check);
      return {
        ...place,
        engineHashes: BigUint64Array.from(pairs, ([hash]) => hash),
        keys: BigUint64Array.from(pairs, ([, [key]]) => key),
        ...(checks.some((check) => check !== 0) ? { checks } : {}),
      };
    }),
  );
}

function sameDelta(a: StoredDelta, b: StoredDelta): boolean {
  const text = (delta: StoredDelta) =>
    JSON.stringify(delta, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return text(a) === text(b);
}
