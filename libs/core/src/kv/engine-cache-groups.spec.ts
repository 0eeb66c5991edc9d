import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { namespaceRoot, promptBlocks } from './block-keys.js';
import { EngineCache, type ReplayRequest } from './engine-cache.js';
import type { EngineBatch, EngineEvent, StoredEvent } from './engine-events.js';
import type { KvDelta, Tier } from './types.js';

const BLOCK = 2;
const root = namespaceRoot({ model: 'm', blockSize: BLOCK });
const TWO_TIERS = ['gpu', 'cpu'] as const;

/** A group of the model engine; `window` in blocks. */
interface Group {
  readonly groupIdx?: number;
  readonly specKind?: string;
  readonly multiple: number;
  readonly window: number;
}
const full: Group = { groupIdx: 0, specKind: 'full_attention', multiple: 1, window: 0 };
const LAYOUTS: Record<string, readonly Group[]> = {
  'no group': [{ multiple: 1, window: 0 }],
  'two dense groups': [full, { ...full, groupIdx: 1, specKind: 'mla_attention' }],
  'two windows before a dense group': [
    { groupIdx: 2, specKind: 'sliding_window', multiple: 1, window: 2 },
    full,
    { groupIdx: 1, specKind: 'sliding_window', multiple: 1, window: 3 },
  ],
  'only a window': [{ groupIdx: 0, specKind: 'sliding_window', multiple: 1, window: 9 }],
  'a dense group of double blocks': [{ ...full, groupIdx: 1, multiple: 2 }, full],
  'a group of a kind that cannot be judged': [full, { ...full, groupIdx: 1, specKind: 'mamba' }],
};

const tokensOf = (path: string) => [...path].flatMap((digit) => [Number(digit), Number(digit) + 100]);
const hashOf = (path: string) => BigInt(`0x1${path}`);
const lastBlock = (path: string) => {
  const { keys, checks } = promptBlocks(root, tokensOf(path), BLOCK);
  return { key: keys.at(-1) as bigint, check: checks?.at(-1) };
};
const isJudged = (group: Group) => group.specKind !== 'mamba';
const isWindow = (group: Group) => group.specKind === 'sliding_window';

/** An engine with groups and a bounded replay buffer. What its groups hold is the brute-force truth. */
class ModelEngine {
  /** Copies by `group/tier/path`. */
  held = new Map<string, number>();
  sequence = 0;
  lives = 0;
  buffer: EngineBatch[] = [];
  constructor(
    readonly groups: readonly Group[],
    readonly bufferSize: number,
  ) {}

  /** Computes a prompt: every group stores what it lacks, and whatever stands behind it once more. */
  store(path: string, order: number): EngineBatch {
    const events = this.groups.map((_, g) => this.storeIn((g + order) % this.groups.length, path));
    return this.emit(events.filter((event) => event !== undefined));
  }

  private storeIn(g: number, path: string): StoredEvent | undefined {
    const group = this.groups[g] as Group;
    const { multiple, window, specKind, groupIdx } = group;
    const ends = prefixes(path).filter((p) => p.length % multiple === 0);
    const missing = ends.findIndex((p) => !this.has(g, 'gpu', p));
    if (ends.length === 0) return undefined;
    const from = missing < 0 ? ends.length - 1 : missing;
    const first = window > 0 ? Math.max(from, ends.length - window) : from;
    for (const p of ends.slice(first)) this.add(g, 'gpu', p, 1);
    const parent = ends[from - 1];
    return {
      type: 'stored',
      hashes: ends.slice(first).map(hashOf),
      parent: parent === undefined ? null : hashOf(parent),
      tokenIds: tokensOf(path.slice(from * multiple, ends.length * multiple)),
      blockSize: BLOCK * multiple,
      tier: 'gpu',
      ...(groupIdx === undefined ? {} : { groupIdx }),
      ...(specKind === undefined ? {} : { specKind }),
      ...(isWindow(group) ? { slidingWindow: window * BLOCK } : {}),
    };
  }

  /** Copies one group's block to the CPU: announced without tokens. */
  offload(choice: number): EngineBatch {
    const [g, , path] = this.pick(choice, (tier) => tier === 'gpu');
    if (path === undefined) return this.emit([]);
    this.add(g, 'cpu', path, 1);
    const { groupIdx, specKind } = this.groups[g] as Group;
    const hashes = [hashOf(path)];
    return this.emit([
      { type: 'stored', hashes, parent: null, tokenIds: [], blockSize: 0, tier: 'cpu', groupIdx, specKind },
    ]);
  }

  evict(choice: number): EngineBatch {
    const [g, tier, path] = this.pick(choice, () => true);
    if (path === undefined) return this.emit([]);
    this.add(g, tier, path, -1);
    const { groupIdx } = this.groups[g] as Group;
    return this.emit([{ type: 'removed', hashes: [hashOf(path)], tier, groupIdx }]);
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

  /** What is held on a tier: by every dense group (or, where there is none, every window), or by every window. */
  truth(tier: Tier, window: boolean): bigint[] {
    const judged = [...this.groups.keys()].filter((g) => isJudged(this.groups[g] as Group));
    const windows = judged.filter((g) => isWindow(this.groups[g] as Group));
    const dense = judged.filter((g) => !windows.includes(g));
    const needed = window ? (dense.length > 0 ? windows : []) : dense.length > 0 ? dense : windows;
    if (needed.length === 0) return [];
    const paths = new Set<string>();
    for (const name of this.held.keys()) {
      const [, , path = ''] = name.split('/');
      for (const p of prefixes(path)) paths.add(p);
    }
    return [...paths]
      .filter((path) => needed.every((g) => this.covers(g, tier, path)))
      .map((path) => lastBlock(path).key)
      .sort();
  }

  private covers(g: number, tier: Tier, path: string): boolean {
    const { multiple } = this.groups[g] as Group;
    if (path.length % multiple === 0) return this.has(g, tier, path);
    return [...this.held.keys()].some((name) => {
      const [group, on, held = ''] = name.split('/');
      const covered = held.startsWith(path) && held.length - path.length < multiple;
      return group === String(g) && on === tier && covered;
    });
  }

  private has(g: number, tier: Tier, path: string): boolean {
    return this.held.has(`${g}/${tier}/${path}`);
  }

  private add(g: number, tier: Tier, path: string, copies: number): void {
    const name = `${g}/${tier}/${path}`;
    const count = (this.held.get(name) ?? 0) + copies;
    if (count > 0) this.held.set(name, count);
    else this.held.delete(name);
  }

  private pick(choice: number, wanted: (tier: Tier) => boolean): [number, Tier, string | undefined] {
    const names = [...this.held.keys()].filter((name) => wanted(name.split('/')[1] as Tier));
    const [g, tier, path] = names[choice % Math.max(1, names.length)]?.split('/') ?? [];
    return [Number(g), tier as Tier, path];
  }

  private emit(events: EngineEvent[]): EngineBatch {
    const batch = { sequence: this.sequence++, timestampMs: this.lives * 1e6 + this.sequence, events };
    this.buffer.push(batch);
    if (this.buffer.length > this.bufferSize) this.buffer.shift();
    return batch;
  }
}

/** A consumer of deltas, which refuses any that does not follow exactly. */
class View {
  readonly places = new Map<string, Map<bigint, number | undefined>>();
  incarnation = 0;
  private sequence = 0;

  apply(delta: KvDelta): void {
    if (delta.incarnation > this.incarnation) {
      expect(delta).toMatchObject({ sequence: 1, cleared: true });
      this.incarnation = delta.incarnation;
      this.sequence = 0;
    }
    expect([delta.incarnation, delta.sequence]).toEqual([this.incarnation, ++this.sequence]);
    if (delta.cleared) this.places.clear();
    for (const { tier, window, removed } of delta.changes) {
      for (const key of removed) expect(this.at(tier, window).delete(key)).toBe(true);
    }
    for (const { tier, window, stored, storedChecks } of delta.changes) {
      for (const [i, key] of stored.entries()) {
        expect(this.at(tier, window).has(key)).toBe(false);
        this.at(tier, window).set(key, storedChecks?.[i]);
      }
    }
  }

  keys(tier: Tier, window: boolean): bigint[] {
    return [...this.at(tier, window).keys()].sort();
  }

  private at(tier: Tier, window = false): Map<bigint, number | undefined> {
    const name = `${tier}/${window}`;
    const known = this.places.get(name) ?? new Map();
    this.places.set(name, known);
    return known;
  }
}

/** Follows an engine the way the service does. */
class Follower {
  readonly view = new View();
  cache = new EngineCache({ engineId: 'ns/pod', model: 'm' }, 1000);
  nowMs = 1000;
  /** Something the engine still holds may be unknown. */
  isPartial = false;

  constructor(
    readonly engine: ModelEngine,
    readonly hasReplay: boolean,
  ) {
    this.serve(this.cache.start());
  }

  receive(batch: EngineBatch): void {
    this.nowMs++;
    this.serve(this.cache.receive(batch, this.nowMs));
  }

  serve(request: ReplayRequest | undefined): void {
    for (let next = request; next; ) {
      const from = next.fromSequence;
      const replayed = this.hasReplay ? this.engine.buffer.filter((b) => b.sequence >= from) : [];
      for (const batch of replayed) this.cache.replayed(batch, this.nowMs);
      next = this.cache.replayEnded(this.hasReplay, this.nowMs);
    }
  }

  /** Another process goes on from what this one published, or from nothing. */
  takeOver(warm: boolean): void {
    this.publish();
    const restored = warm ? this.cache.published : undefined;
    const { incarnation: incarnationAfter, blockSize } = this.cache;
    const known = restored === undefined ? {} : { restored, blockSize };
    this.nowMs++;
    this.cache = new EngineCache(
      { engineId: 'ns/pod', model: 'm', takesOver: true, incarnationAfter, ...known },
      0,
    );
    const request = this.cache.start();
    expect(this.cache.takeDelta()).toBeUndefined();
    this.isPartial ||= restored !== undefined;
    this.serve(request);
  }

  publish(): void {
    const change = this.cache.takeDelta();
    if (change) this.view.apply(change.delta);
  }

  get knowsGroups(): boolean {
    return this.cache.groups.length === this.engine.groups.length;
  }
}

const path = fc
  .array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 5 })
  .map((digits) => digits.join(''));
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('store' as const), path, order: fc.nat(2) }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('evict' as const), choice: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('offload' as const), choice: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('takeover' as const), warm: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('publish' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const fate = fc.constantFrom('deliver', 'deliver', 'deliver', 'lose', 'repeat', 'late');

function perform(engine: ModelEngine, step: Action): EngineBatch | undefined {
  switch (step.type) {
    case 'store':
      return engine.store(step.path, step.order);
    case 'evict':
      return engine.evict(step.choice);
    case 'offload':
      return engine.offload(step.choice);
    case 'clear':
      return engine.clear();
    case 'restart':
      engine.restart();
  }
  return undefined;
}

function run(
  engine: ModelEngine,
  steps: ReadonlyArray<[Action, string]>,
  isExact: boolean,
  hasReplay = true,
): void {
  const follower = new Follower(engine, hasReplay);
  let late: EngineBatch | undefined;
  for (const [step, how] of steps) {
    if (step.type === 'publish') follower.publish();
    if (step.type === 'takeover') follower.takeOver(step.warm);
    if (step.type === 'restart') {
      late = undefined;
      follower.isPartial = false;
      engine.restart();
      // The connection breaks with the engine.
      follower.serve(follower.cache.suspect(++follower.nowMs));
      continue;
    }
    const batch = perform(engine, step);
    if (!batch || how === 'lose') continue;
    if (how === 'late') {
      late = batch;
      continue;
    }
    follower.receive(batch);
    if (how === 'repeat') follower.receive(batch);
    if (late) follower.receive(late);
    late = undefined;
    follower.publish();
    for (const tier of TWO_TIERS) {
      for (const window of [false, true]) compare(follower, tier, window, isExact);
    }
  }
}

function compare(follower: Follower, tier: Tier, window: boolean, isExact: boolean): void {
  const { engine, view, cache } = follower;
  // A group that nothing was heard of cannot be missed.
  if (!follower.knowsGroups) return;
  const truth = engine.truth(tier, window);
  const held = view.keys(tier, window);
  if (isExact && !follower.isPartial) expect(held).toEqual(truth);
  else expect(held.filter((key) => !truth.includes(key))).toEqual([]);
  const tiers = cache.snapshot()?.tiers.filter((t) => t.tier === tier && (t.window ?? false) === window);
  expect((tiers ?? []).flatMap(({ keys }) => [...keys]).sort()).toEqual(held);
}

describe.each(Object.entries(LAYOUTS))('EngineCache of an engine with %s', (_name, groups) => {
  const steps = fc.array(fc.tuple(action, fate), { maxLength: 40 });

  it('equals the engine, whatever is lost, repeated or late, with replay', () => {
    fc.assert(
      fc.property(steps, (all) => run(new ModelEngine(groups, 1000), all, true)),
      { numRuns: 100 },
    );
  });

  it('never claims more than the engine holds when replays are truncated', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (all, size) =>
        run(new ModelEngine(groups, size), all, false),
      ),
      { numRuns: 100 },
    );
  });

  it('never claims more than the engine holds when it has no replay', () => {
    // Nobody could tell a batch that comes late from one of a new life then.
    const inOrder = steps.map((all) => all.filter(([, how]) => how !== 'late'));
    fc.assert(
      fc.property(inOrder, (all) => run(new ModelEngine(groups, 0), all, false, false)),
      { numRuns: 100 },
    );
  });

  it('publishes check bits with every key', () => {
    const engine = new ModelEngine(groups, 1000);
    const follower = new Follower(engine, true);
    follower.receive(engine.store('1212', 0));
    follower.publish();
    const expected = new Map(prefixes('1212').map((p) => [lastBlock(p).key, lastBlock(p).check] as const));
    expect([...follower.view.places.values()].some((keys) => keys.size > 0)).toBe(true);
    for (const keys of follower.view.places.values()) {
      for (const [key, check] of keys) expect(check).toBe(expected.get(key));
    }
    for (const { keys, checks } of follower.cache.snapshot()?.tiers ?? []) {
      expect([...(checks ?? [])]).toEqual([...keys].map((key) => expected.get(key)));
    }
  });
});

function prefixes(path: string): string[] {
  return Array.from({ length: path.length }, (_, i) => path.slice(0, i + 1));
}
