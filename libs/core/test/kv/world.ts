import {
  EngineCache,
  type KvDelta,
  KvReplica,
  type KvSnapshotPart,
  type PrefixIndex,
  type ReplayRequest,
  TIERS,
} from '../../src/kv/index.js';
import { factBit, IndexOracle } from './index-oracle.js';
import { CHAIN_KEYS, DEPTH, type Draw, MODEL, SimEngine } from './sim-engine.js';

/** What one ingester says an engine holds at some delta. */
interface Published {
  readonly blocks: ReadonlyMap<bigint, number>;
  readonly windowBlocks: number;
}

type Message =
  | { readonly type: 'delta'; readonly engine: string; readonly delta: KvDelta }
  | { readonly type: 'snapshot'; readonly engine: string; readonly part: KvSnapshotPart }
  | { readonly type: 'gone'; readonly engine: string; readonly incarnation: number };

interface Follower {
  readonly engine: SimEngine;
  cache: EngineCache;
  /** Batches on the way to the ingester. */
  live: ReturnType<SimEngine['work']>[];
  wish: ReplayRequest | undefined;
  /** By `incarnation.sequence`. */
  readonly published: Map<string, Published>;
  now: Published;
}

interface Replica {
  readonly index: PrefixIndex;
  readonly replica: KvReplica;
  inbox: Message[];
}

const NOTHING: Published = { blocks: new Map(), windowBlocks: 0 };
const ENGINES = 5;

/**
 * Engines, ingesters and replicas with everything that may go wrong between them, in any interleaving that `draw` gives.
 * What replicas answer is compared with the truth; every difference is thrown as an Error.
 */
export class World {
  private readonly followers: Follower[];
  private readonly replicas: Replica[];
  private clockMs = 1000;

  constructor(
    private readonly draw: Draw,
    makeIndex: () => PrefixIndex,
  ) {
    this.followers = Array.from({ length: ENGINES }, (_, e) => {
      const engine = new SimEngine(`ns/pod-${e}`, e % 3 === 2, draw);
      const cache = new EngineCache({ engineId: engine.id, model: MODEL }, this.clockMs);
      return { engine, cache, live: [], wish: cache.start(), published: new Map(), now: NOTHING };
    });
    this.replicas = Array.from({ length: 2 }, () => {
      const index = makeIndex();
      return { index, replica: new KvReplica(index), inbox: [] };
    });
  }

  step(): void {
    this.clockMs += this.draw(3);
    const follower = this.followers[this.draw(ENGINES)] as Follower;
    const kind = this.draw(100);
    if (kind < 22) follower.live.push(follower.engine.work());
    else if (kind < 44) this.hear(follower);
    else if (kind < 52) this.serveReplay(follower, this.draw(4) !== 0);
    else if (kind < 66) this.publish(follower);
    else if (kind < 70) this.snapshot(follower);
    else if (kind < 97) this.deliver(this.replicas[this.draw(2)] as Replica);
    else if (kind === 97) this.restart(follower);
    else if (kind === 98) this.takeOver(follower);
    else if (this.draw(3) === 0) this.replace(follower);
  }

  /** Faults end, everything on the way arrives, and every replica has to know exactly what the engines hold. */
  settle(): void {
    for (const follower of this.followers) {
      for (const batch of follower.live.splice(0))
        this.ask(follower, follower.cache.receive(batch, this.clockMs));
      this.finishReplays(follower);
      this.ask(follower, follower.cache.beginAnew(this.clockMs));
      this.finishReplays(follower);
      this.publish(follower);
      this.snapshot(follower);
      const [truth, told] = [follower.engine.facts(), follower.now];
      expectSame(`${follower.engine.id}: what its ingester published`, told.blocks, truth.blocks);
      if (told.windowBlocks !== truth.windowBlocks) throw new Error(`${follower.engine.id}: another window`);
    }
    for (const replica of this.replicas) {
      for (const message of replica.inbox.splice(0)) this.apply(replica, message);
      for (const { engine } of this.followers) {
        if (!replica.replica.isSynced(engine.id)) throw new Error(`${engine.id} is not followed at the end`);
      }
      this.check(replica);
      while (replica.index.sweep(16) > 0);
      const held = this.followers.map(({ now }) => now.blocks);
      const pairs = held.reduce((sum, { size }) => sum + size, 0);
      const blocks = new Set(held.flatMap((facts) => [...facts.keys()])).size;
      if (replica.index.holders !== pairs || replica.index.blocks !== blocks)
        throw new Error(
          `${replica.index.holders} pairs of ${replica.index.blocks} blocks are kept at the end`,
        );
    }
  }

  /** Every engine on every replica. */
  checkAll(): void {
    for (const replica of this.replicas) this.check(replica);
  }

  /** A batch reaches the ingester, is lost, or comes twice. */
  private hear(follower: Follower): void {
    const batch = follower.live.shift();
    if (!batch || this.draw(30) === 0) return;
    this.ask(follower, follower.cache.receive(batch, this.clockMs));
    if (this.draw(20) === 0) this.ask(follower, follower.cache.receive(batch, this.clockMs));
  }

  private serveReplay(follower: Follower, whole: boolean): void {
    const { wish, engine, cache } = follower;
    if (!wish) return;
    follower.wish = undefined;
    const batches = engine.log.slice(wish.fromSequence);
    const sent = whole ? batches : batches.slice(0, this.draw(batches.length + 1));
    for (const batch of sent) cache.replayed(batch, this.clockMs);
    this.ask(follower, cache.replayEnded(whole, this.clockMs));
  }

  private finishReplays(follower: Follower): void {
    for (let i = 0; follower.wish && i < 20; i++) this.serveReplay(follower, true);
  }

  private ask(follower: Follower, wish: ReplayRequest | undefined): void {
    follower.wish = wish ?? follower.wish;
  }

  private publish(follower: Follower): void {
    const delta = follower.cache.takeDelta()?.delta;
    if (!delta) return;
    const blocks = new Map(delta.cleared ? [] : follower.now.blocks);
    const change = (keys: BigUint64Array, next: (bits: number) => number) => {
      for (const key of keys) {
        const bits = next(blocks.get(key) ?? 0);
        if (bits === 0) blocks.delete(key);
        else blocks.set(key, bits);
      }
    };
    for (const { tier, window = false, removed } of delta.changes)
      change(removed, (bits) => bits & ~factBit(tier, window));
    for (const { tier, window = false, stored } of delta.changes)
      change(stored, (bits) => bits | factBit(tier, window));
    follower.now = { blocks, windowBlocks: delta.windowBlocks ?? 0 };
    expectHeld(follower, blocks);
    follower.published.set(`${delta.incarnation}.${delta.sequence}`, follower.now);
    this.send({ type: 'delta', engine: follower.engine.id, delta });
  }

  /** The ingester's snapshot, in one part or two. */
  private snapshot({ engine, cache }: Follower): void {
    const snapshot = cache.snapshot();
    if (!snapshot) return;
    const parts = 1 + this.draw(2);
    for (let part = 0; part < parts; part++) {
      const tiers = snapshot.tiers.filter((_, i) => i % parts === part);
      this.send({ type: 'snapshot', engine: engine.id, part: { ...snapshot, tiers, part, parts } });
    }
  }

  /** Another process: what was on its way when the old one's connection ended does not arrive, and that it ended is noticed. */
  private restart(follower: Follower): void {
    follower.engine.restart();
    follower.live = [];
    this.ask(follower, follower.cache.suspect(this.clockMs));
  }

  /** Another ingester goes on, from what this one published or from nothing; what this one sent is still on its way. */
  private takeOver(follower: Follower): void {
    const { cache, engine } = follower;
    const restored = this.draw(2) === 0 ? cache.published : undefined;
    const incarnationAfter = cache.incarnation;
    const options = { engineId: engine.id, model: MODEL, incarnationAfter, restored, takesOver: true };
    follower.cache = new EngineCache(options, this.clockMs);
    follower.wish = follower.cache.start();
  }

  /** The engine goes for good; another one comes under its name. */
  private replace(follower: Follower): void {
    const { engine, cache } = follower;
    this.send({ type: 'gone', engine: engine.id, incarnation: cache.incarnation });
    engine.restart();
    follower.live = [];
    const options = { engineId: engine.id, model: MODEL, incarnationAfter: cache.incarnation };
    follower.cache = new EngineCache(options, this.clockMs);
    follower.wish = follower.cache.start();
  }

  private send(message: Message): void {
    for (const { inbox } of this.replicas) inbox.push(message);
  }

  /** The next message, or one behind it; some are lost, some come again. */
  private deliver(replica: Replica): void {
    const { inbox } = replica;
    if (inbox.length === 0) return;
    const at = this.draw(12) === 0 ? this.draw(inbox.length) : 0;
    const [message] = inbox.splice(at, this.draw(20) === 0 ? 0 : 1);
    const taken = message ?? (inbox[at] as Message);
    if (this.draw(40) === 0 && taken.type !== 'gone') return;
    this.apply(replica, taken);
    this.checkEngine(replica, taken.engine);
  }

  private apply({ replica }: Replica, message: Message): void {
    if (message.type === 'delta') replica.applyDelta(message.delta, this.clockMs);
    else if (message.type === 'snapshot') replica.applySnapshot(message.part, this.clockMs);
    else replica.engineGone(message.engine, message.incarnation);
  }

  private check(replica: Replica): void {
    for (const { engine } of this.followers) this.checkEngine(replica, engine.id);
  }

  /** What is synced is exactly what was published at that place; of what is not, nothing is claimed. */
  private checkEngine({ index, replica }: Replica, id: string): void {
    const follower = this.followers.find(({ engine }) => engine.id === id) as Follower;
    const sync = replica.sync(id, this.clockMs);
    const place = sync?.state === 'synced' ? `${sync.incarnation}.${sync.sequence}` : undefined;
    const told = place === undefined ? NOTHING : (follower.published.get(place) ?? NOTHING);
    const held = new Map<bigint, number>();
    for (const tier of TIERS) {
      for (const window of [false, true]) {
        for (const key of index.keysOf(id, tier, { window }))
          held.set(key, (held.get(key) ?? 0) | factBit(tier, window));
      }
    }
    expectSame(`${id}: blocks in the index`, held, told.blocks);
    const oracle = new IndexOracle();
    oracle.setWindow(id, told.windowBlocks);
    for (const [c, keys] of CHAIN_KEYS.entries()) {
      const prompt = Array.from(keys, (_, d) => c * DEPTH + d);
      for (const [d, key] of keys.entries()) {
        const bits = told.blocks.get(key) ?? 0;
        for (let bit = 1; bit < 256; bit *= 2) if ((bits & bit) !== 0) oracle.store(id, bit, c * DEPTH + d);
      }
      const [found] = index.match(keys, [id]);
      const expected = oracle.match(id, prompt);
      if (JSON.stringify(found) !== JSON.stringify(expected))
        throw new Error(`${id}: match is ${JSON.stringify(found)}, the truth ${JSON.stringify(expected)}`);
      this.checkOthers(index, id, keys);
    }
  }

  /** A block with other content under the same key is nobody's, where its check bits are known. */
  private checkOthers(index: PrefixIndex, id: string, keys: BigUint64Array): void {
    const known = new Map<bigint, number>();
    for (const tier of TIERS) {
      const { keys: held, checks } = index.blocksOn(id, tier);
      for (const [i, key] of held.entries()) known.set(key, checks[i] as number);
    }
    const first = known.get(keys[0] as bigint) ?? 0;
    if (first === 0) return;
    const checks = Uint32Array.from(keys, () => first ^ 1 || 2);
    const found = index.match({ keys, checks }, [id]);
    if (found[0]?.blocks !== 0) throw new Error(`${id}: holds a block of other content`);
  }
}

/** What an ingester publishes the engine did hold after the batch that it is as of. */
function expectHeld({ engine, cache }: Follower, blocks: ReadonlyMap<bigint, number>): void {
  if (blocks.size === 0) return;
  const lives = engine.history[cache.publishedEngineSequence] ?? [];
  const isHeld = (life: ReadonlyMap<bigint, number>) =>
    [...blocks].every(([key, bits]) => (bits & ~(life.get(key) ?? 0)) === 0);
  if (!lives.some(isHeld)) throw new Error(`${engine.id}: published what the engine did not hold`);
}

function expectSame(
  what: string,
  found: ReadonlyMap<bigint, number>,
  truth: ReadonlyMap<bigint, number>,
): void {
  const differing = [...new Set([...found.keys(), ...truth.keys()])].filter(
    (key) => found.get(key) !== truth.get(key),
  );
  if (differing.length === 0) return;
  const show = differing.map((key) => `${key}: ${found.get(key) ?? 0} instead of ${truth.get(key) ?? 0}`);
  throw new Error(`${what} differ: ${show.join(', ')}`);
}
