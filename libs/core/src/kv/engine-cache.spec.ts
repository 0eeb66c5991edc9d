import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockKeys, namespaceSeed } from './block-keys.js';
import { EngineCache, type ReplayRequest } from './engine-cache.js';
import type { EngineCacheOptions } from './engine-cache-options.js';
import type { EngineBatch, EngineEvent, StoredEvent } from './engine-events.js';
import { KvReplica } from './kv-replica.js';
import { PrefixIndex } from './prefix-index.js';
import type { Tier } from './types.js';

const ENGINE = 'ns/pod';
const MODEL = 'm';
const BLOCK = 2;
const seed = namespaceSeed({ model: MODEL, blockSize: BLOCK });

/** A prompt is a path of small digits; block i of it has tokens (digit, digit + 100) and a hash made of the path. */
const hashOf = (path: readonly number[]) => BigInt(`0x1${path.join('')}`);
const keyOf = (path: readonly number[]) =>
  blockKeys(
    seed,
    path.flatMap((digit) => [digit, digit + 100]),
    BLOCK,
  ).at(-1) as bigint;

function stored(path: readonly number[], from: number, tier: Tier = 'gpu'): StoredEvent {
  const blocks = path.slice(from);
  return {
    type: 'stored',
    hashes: blocks.map((_, i) => hashOf(path.slice(0, from + i + 1))),
    parent: from === 0 ? null : hashOf(path.slice(0, from)),
    tokenIds: blocks.flatMap((digit) => [digit, digit + 100]),
    blockSize: BLOCK,
    tier,
  };
}

/** An engine with a bounded replay buffer. What it holds is the brute-force truth. */
class ModelEngine {
  held = new Map<string, number>();
  sequence = 0;
  lives = 0;
  buffer: EngineBatch[] = [];
  constructor(readonly bufferSize: number) {}

  store(path: readonly number[]): EngineBatch {
    const missing = path.findIndex((_, i) => !this.held.has(path.slice(0, i + 1).join('')));
    // The whole prompt is cached: like vLLM it may announce its last block once more, in a second copy.
    const from = missing < 0 ? path.length - 1 : missing;
    for (let i = from; i < path.length; i++) {
      const name = path.slice(0, i + 1).join('');
      this.held.set(name, (this.held.get(name) ?? 0) + 1);
    }
    return this.emit([stored(path, from)]);
  }

  /** Evicts a block that no other one stands on. */
  evict(choice: number): EngineBatch {
    const leaves = [...this.held.keys()].filter(
      (n) => ![...this.held.keys()].some((o) => o.length > n.length && o.startsWith(n)),
    );
    const leaf = leaves[choice % Math.max(1, leaves.length)];
    if (leaf === undefined) return this.emit([]);
    const count = this.held.get(leaf) as number;
    if (count > 1) this.held.set(leaf, count - 1);
    else this.held.delete(leaf);
    return this.emit([{ type: 'removed', hashes: [hashOf([...leaf].map(Number))], tier: 'gpu' }]);
  }

  clear(): EngineBatch {
    this.held.clear();
    return this.emit([{ type: 'cleared' }]);
  }

  restart(): void {
    this.held.clear();
    this.buffer = [];
    this.sequence = 0;
    this.lives++;
  }

  keys(): bigint[] {
    return [...this.held.keys()].map((name) => keyOf([...name].map(Number))).sort();
  }

  private emit(events: EngineEvent[]): EngineBatch {
    const batch = { sequence: this.sequence++, timestampMs: this.lives * 1e6 + this.sequence, events };
    this.buffer.push(batch);
    if (this.buffer.length > this.bufferSize) this.buffer.shift();
    return batch;
  }
}

/** Follows an engine the way the service does, and checks the published deltas through a replica. */
class Follower {
  readonly index = new PrefixIndex();
  readonly replica = new KvReplica(this.index);
  cache: EngineCache;
  nowMs = 1000;
  private lives = 0;

  constructor(
    readonly engine: ModelEngine,
    options: Partial<EngineCacheOptions> = {},
  ) {
    this.cache = new EngineCache({ engineId: ENGINE, model: MODEL, ...options }, this.nowMs);
    this.serve(this.cache.start());
  }

  /** Connection and messages race: the first message of a new life may come before the news that it was lost. */
  receive(batch: EngineBatch, hasReplay = true): void {
    this.nowMs++;
    const reconnected = this.lives !== this.engine.lives;
    this.lives = this.engine.lives;
    if (reconnected && batch.sequence % 2 === 0) this.serve(this.cache.suspect(this.nowMs), hasReplay);
    this.serve(this.cache.receive(batch, this.nowMs), hasReplay);
    if (reconnected && batch.sequence % 2 === 1) this.serve(this.cache.suspect(this.nowMs), hasReplay);
  }

  serve(request: ReplayRequest | undefined, complete = true): void {
    for (let next = request; next; ) {
      const from = next.fromSequence;
      if (complete)
        for (const b of this.engine.buffer.filter((b) => b.sequence >= from))
          this.cache.replayed(b, this.nowMs);
      next = this.cache.replayEnded(complete, this.nowMs);
    }
  }

  publish(): void {
    const change = this.cache.takeDelta();
    if (!change) return;
    for (const { stored: added, removed } of change.delta.changes) {
      expect([...added].filter((key) => removed.includes(key))).toEqual([]);
    }
    expect(this.replica.applyDelta(change.delta, this.nowMs)).toBe('applied');
  }

  held(): bigint[] {
    this.publish();
    return [...this.index.keysOf(ENGINE, 'gpu')].sort();
  }
}

const path = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 5 });
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('store' as const), path }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('evict' as const), choice: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('publish' as const) }) },
);
const fate = fc.constantFrom('deliver', 'deliver', 'deliver', 'lose', 'repeat');

function perform(
  engine: ModelEngine,
  step: { type: string; path?: number[]; choice?: number },
): EngineBatch | undefined {
  if (step.type === 'store') return engine.store(step.path as number[]);
  if (step.type === 'evict') return engine.evict(step.choice as number);
  if (step.type === 'clear') return engine.clear();
  if (step.type === 'restart') engine.restart();
  return undefined;
}

describe('EngineCache', () => {
  it('equals the engine whenever a live batch arrives, under loss, repetition and restarts, with replay', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(action, fate), { maxLength: 50 }), (steps) => {
        const engine = new ModelEngine(1000);
        const follower = new Follower(engine);
        const old: EngineBatch[] = [];
        for (const [step, how] of steps) {
          if (step.type === 'publish') follower.publish();
          const batch = perform(engine, step);
          if (!batch || how === 'lose') continue;
          follower.receive(batch);
          expect(follower.held()).toEqual(engine.keys());
          old.push(batch);
          if (how !== 'repeat') continue;
          // Any batch of this life again, and the last one.
          const again = old.filter((b) => engine.buffer.includes(b));
          follower.receive(again[Math.floor(again.length / 2)] ?? batch);
          follower.receive(batch);
          expect(follower.held()).toEqual(engine.keys());
        }
      }),
      { numRuns: 600 },
    );
  });

  it('never claims more than the engine holds when history is lost (short or no replay)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(action, fate), { maxLength: 50 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        (steps, hasReplay, size) => {
          const engine = new ModelEngine(size);
          const follower = new Follower(engine);
          for (const [step, how] of steps) {
            if (step.type === 'publish') follower.publish();
            const batch = perform(engine, step);
            if (!batch || how === 'lose') continue;
            follower.receive(batch, hasReplay);
            const truth = engine.keys();
            for (const key of follower.held()) expect(truth).toContain(key);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it('publishes in any portions what amounts to the same, and its snapshot is the state after the last delta', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (steps) => {
        const engine = new ModelEngine(1000);
        const follower = new Follower(engine);
        for (const step of steps) {
          const batch = perform(engine, step);
          if (batch) follower.receive(batch);
          if (step.type === 'publish') follower.publish();
          const snapshot = follower.cache.snapshot();
          if (!snapshot) continue;
          const keys = snapshot.tiers.flatMap((t) => [...t.keys]);
          expect(keys.sort()).toEqual([...follower.index.keysOf(ENGINE, 'gpu')].sort());
          const byHash = follower.cache.publishedBlocks().flatMap((t) => [...t.keys]);
          expect(new Set(byHash)).toEqual(new Set(keys));
        }
      }),
      { numRuns: 300 },
    );
  });

  describe('restored from a store', () => {
    let engine: ModelEngine;
    let first: Follower;
    beforeEach(() => {
      engine = new ModelEngine(1000);
      first = new Follower(engine);
      for (const p of [[1, 2], [1, 1], [2]]) first.receive(engine.store(p));
      first.publish();
    });
    const resume = () =>
      new EngineCache(
        {
          engineId: ENGINE,
          model: MODEL,
          blockSize: BLOCK,
          incarnationAfter: first.cache.incarnation,
          restored: {
            blocks: first.cache.publishedBlocks(),
            engineSequence: first.cache.publishedEngineSequence,
            landmark: first.cache.publishedLandmark as { sequence: number; mark: string },
          },
        },
        0,
      );

    it('keeps what the same life still holds and publishes it as a new incarnation, once proven', () => {
      engine.evict(0);
      const second = new Follower(engine);
      second.cache = resume();
      const request = second.cache.start();
      expect(request.fromSequence).toBe(first.cache.publishedLandmark?.sequence);
      expect(second.cache.takeDelta()).toBeUndefined();
      second.serve(request);
      expect(second.cache.incarnation).toBeGreaterThan(first.cache.incarnation);
      expect(second.held()).toEqual(engine.keys());
      expect(second.cache.counters.restarts).toBe(0);
    });

    it.each(['quiet', 'busy'])('gives everything up when the engine is another life (%s)', (kind) => {
      engine.restart();
      if (kind === 'busy') for (let i = 0; i < 6; i++) engine.store([2, 2, 1]);
      const second = new Follower(engine);
      second.cache = resume();
      second.serve(second.cache.start());
      expect(second.cache.counters.restarts).toBe(1);
      expect(second.held()).toEqual(engine.keys());
    });

    it('gives everything up when the engine cannot be asked', () => {
      const second = new Follower(engine);
      second.cache = resume();
      second.serve(second.cache.start(), false);
      expect(second.held()).toEqual([]);
    });
  });

  it('keeps live batches that arrive during a replay, and asks no more than twice for what the replay does not have', () => {
    const cache = new EngineCache({ engineId: ENGINE, model: MODEL, maxParkedBatches: 2 }, 5);
    const batch = (sequence: number): EngineBatch => ({
      sequence,
      timestampMs: sequence,
      events: [stored([1], 0)],
    });
    expect(cache.start()).toEqual({ fromSequence: 0 });
    for (const sequence of [7, 8, 9]) expect(cache.receive(batch(sequence), 5)).toBeUndefined();
    expect(cache.counters.droppedBatches).toBe(1);
    expect(cache.replayEnded(true, 5)).toEqual({ fromSequence: 0 });
    expect(cache.replayEnded(true, 5)).toEqual({ fromSequence: 0 });
    expect(cache.replayEnded(true, 5)).toBeUndefined();
    expect(cache.engineSequence).toBe(8);
    expect(cache.replaying).toBe(false);
  });

  it('looks again after a replay during which the connection was lost', () => {
    const engine = new ModelEngine(1000);
    const follower = new Follower(engine);
    follower.receive(engine.store([1]));
    const request = follower.cache.suspect(follower.nowMs) as ReplayRequest;
    for (const batch of engine.buffer) follower.cache.replayed(batch, follower.nowMs);
    expect(request).toEqual({ fromSequence: 0 });
    engine.restart();
    expect(follower.cache.suspect(follower.nowMs)).toBeUndefined();
    expect(follower.cache.replaying).toBe(true);
    follower.serve(follower.cache.replayEnded(true, follower.nowMs));
    expect(follower.held()).toEqual([]);
    expect(follower.cache.counters.restarts).toBe(1);
  });

  it('takes the same sequence with other content as a restart', () => {
    const engine = new ModelEngine(1000);
    const follower = new Follower(engine);
    follower.receive(engine.store([1]));
    const before = follower.cache.incarnation;
    engine.restart();
    follower.receive(engine.store([2]));
    expect(follower.cache.incarnation).toBeGreaterThan(before);
    expect(follower.held()).toEqual([keyOf([2])]);
  });
});

describe('what lookups may see while an engine replays', () => {
  const engine = () => new ModelEngine(Number.POSITIVE_INFINITY);
  const fresh = () => new EngineCache({ engineId: ENGINE, model: MODEL, blockSize: BLOCK }, 1000);

  it('publishes nothing of a history that later batches of the replay may take back', () => {
    const [model, cache] = [engine(), fresh()];
    const batches = [model.store([1]), model.evict(0), model.store([2])];
    cache.start();
    const seen: bigint[] = [];
    const look = () => {
      for (const { stored: keys } of cache.takeDelta()?.delta.changes ?? []) seen.push(...keys);
    };
    for (const batch of batches) {
      cache.replayed(batch, 1000);
      look();
    }
    expect(seen).toEqual([]);
    cache.replayEnded(true, 1000);
    look();
    expect(seen).toEqual([keyOf([2])]);
  });

  it('withdraws at once what a restart voided, and nothing of it is listed any more', () => {
    const [model, cache] = [engine(), fresh()];
    cache.receive(model.store([1]), 1000);
    cache.takeDelta();
    const before = cache.incarnation;
    cache.beginAnew(2000);
    expect(cache.publishedBlocks()).toEqual([]);
    cache.replayed(model.store([2]), 2000);
    const { delta, stored: kept } = cache.takeDelta() ?? {};
    expect(delta).toEqual({ engineId: ENGINE, incarnation: 2000, sequence: 1, cleared: true, changes: [] });
    expect(delta?.incarnation).toBeGreaterThan(before);
    expect(kept?.engineSequence).toBe(-1);
    expect(cache.snapshot()?.tiers).toEqual([]);
    cache.replayEnded(true, 2000);
    expect(cache.takeDelta()?.delta.sequence).toBe(2);
  });

  it('does not believe a replay that broke off before anything live proved it whole', () => {
    const [model, cache] = [engine(), fresh()];
    cache.start();
    cache.replayed(model.store([1]), 1000);
    model.evict(0);
    cache.replayEnded(false, 1000);
    cache.takeDelta();
    expect(cache.snapshot()?.tiers).toEqual([]);
  });

  it('keeps what a broken replay brought when the live batches continue it', () => {
    const [model, cache] = [engine(), fresh()];
    cache.start();
    cache.replayed(model.store([1]), 1000);
    cache.receive(model.store([2]), 1000);
    cache.replayEnded(false, 1000);
    cache.takeDelta();
    expect(cache.snapshot()?.tiers[0]?.keys.length).toBe(2);
  });
});
