import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventData } from '@penstock/contracts';
import { until } from '@penstock/testing';
import { RunningIndex, World } from './index-harness.js';
import { digestOf, type SimulatedEngine } from './simulated-engine.js';

const FLAGS = ['--lease-renew-ms=20', '--lease-duration-ms=250', '--snapshot-interval-ms=50'];
/** Enough that every replica follows some, whatever their names. */
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const PATIENCE_MS = 25_000;

describe('several replicas of kv-index', () => {
  let world: World;
  const running: RunningIndex[] = [];
  const engines = new Map<string, SimulatedEngine>();

  beforeEach(async () => {
    world = new World();
    await world.start();
    engines.clear();
    for (const [i, name] of NAMES.entries())
      engines.set(name, await world.addEngine(name, `10.0.0.${i}`, 0, 'n1'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((index) => index.stop()));
    await world.stop();
  });

  const start = (instance: string, ...flags: string[]) => {
    const index = new RunningIndex(world, [...FLAGS, ...flags], instance);
    running.push(index);
    return index;
  };
  it('do not start where one late renewal would count as death', () => {
    expect(() => new RunningIndex(world, ['--lease-renew-ms=300', '--lease-duration-ms=600'], 'a')).toThrow(
      'lease-duration-ms (600) must be more than twice lease-renew-ms (300)',
    );
  });

  it('tell each other the block size of engines that say it with their first block only', async () => {
    for (const each of engines.values()) each.toldBlockSize = 0;
    const replicas = [start('a'), start('b')];
    for (const name of NAMES) {
      const states = () => replicas.map(({ parts }) => parts.engines.get(idOf(name))?.state);
      await until(() => states().every((state) => state === 'live'), PATIENCE_MS);
    }
    for (const each of engines.values()) each.store('12');
    for (const name of NAMES) {
      const sizes = () => replicas.map(({ parts }) => parts.engines.get(idOf(name))?.blockSize);
      await until(() => sizes().every((size) => size === 2), PATIENCE_MS);
    }
  });

  const idOf = (name: string) => `ns/${name}`;
  const followed = (index: RunningIndex) =>
    [...index.parts.tracker.engines()].map(({ engineId }) => engineId);
  const engine = (name: string) => engines.get(name) as SimulatedEngine;
  const keysIn = (index: RunningIndex, name: string) =>
    String([...index.parts.index.keysOf(idOf(name), 'gpu')].sort());

  /** Every engine is followed by one replica, and every replica has exactly what the engines hold. */
  async function converged(...replicas: RunningIndex[]): Promise<void> {
    await until(() => {
      const all = replicas.flatMap(followed);
      return all.length === NAMES.length && new Set(all).size === NAMES.length;
    }, PATIENCE_MS);
    for (const name of NAMES) {
      const prompts = [...engine(name).held];
      const isExact = (index: RunningIndex) =>
        index.parts.index.blocksOf(idOf(name)) === prompts.length &&
        prompts.every((prompt) => index.matched(idOf(name), prompt) >= 1) &&
        index.parts.host.isSynced(idOf(name));
      for (const index of replicas) await until(() => prompts.length === 0 || isExact(index), PATIENCE_MS);
      expect(new Set(replicas.map((index) => keysIn(index, name))).size).toBe(1);
    }
  }

  const fill = () => {
    for (const name of NAMES) {
      engine(name).store('12');
      engine(name).store('34');
      engine(name).evict('34');
    }
  };

  it('follow each engine once and know what all of them hold', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    for (const index of [one, two]) expect(followed(index).length).toBeGreaterThan(0);
    for (const name of NAMES) engine(name).store('125');
    await converged(one, two);
    const views = [...one.parts.engines.engines()];
    expect(views).toHaveLength(NAMES.length);
    for (const view of views) {
      expect(view).toMatchObject({ state: 'live', model: 'm', blockSize: 2 });
      expect(view.replica ?? 'one').toBe(followed(one).includes(view.engineId) ? 'one' : 'two');
    }
    expect(one.parts.holders.outdated).toBe(0);
  });

  it('move engines to a new replica without a moment in which one is not known', async () => {
    fill();
    const one = start('one');
    await converged(one);
    const before = new Map(NAMES.map((name) => [name, one.parts.host.sync(idOf(name))?.incarnation]));
    let missing = 0;
    const watch = setInterval(() => {
      for (const name of NAMES) if (one.matched(idOf(name), '12') !== 2) missing++;
    }, 1);
    const two = start('two');
    await converged(one, two);
    clearInterval(watch);
    expect(missing).toBe(0);
    const moved = followed(two);
    expect(one.parts.tracker.handovers).toBe(moved.length);
    for (const name of NAMES) {
      const now = one.parts.host.sync(idOf(name))?.incarnation as number;
      if (moved.includes(idOf(name))) expect(now).toBeGreaterThan(before.get(name) as number);
      else expect(now).toBe(before.get(name));
    }
    expect(world.eventsOf('engine.gone')).toEqual([]);
  });

  it('move engines without a moment in which one is not known, also when the store is away', async () => {
    fill();
    const one = start('one');
    await converged(one);
    world.store.disconnect();
    let missing = 0;
    const watch = setInterval(() => {
      for (const name of NAMES) if (one.matched(idOf(name), '12') !== 2) missing++;
    }, 1);
    const two = start('two');
    const { tracker } = one.parts;
    await until(() => tracker.handovers > 0 && tracker.handovers === followed(two).length, PATIENCE_MS);
    await converged(one, two);
    clearInterval(watch);
    world.store.reconnect();
    expect(missing).toBe(0);
  });

  it('take over at once from one that stops, which follows on until they have', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    const moved = followed(two);
    let missing = 0;
    const watch = setInterval(() => {
      for (const name of NAMES) if (one.matched(idOf(name), '12') !== 2) missing++;
    }, 1);
    await running.splice(1, 1)[0]?.stop();
    await converged(one);
    clearInterval(watch);
    expect(missing).toBe(0);
    expect(one.parts.tracker.takeovers).toBe(moved.length);
    expect(two.parts.tracker.handovers).toBe(moved.length);
    expect(world.eventsOf('engine.gone')).toEqual([]);
  });

  it('take over from one that dies: from the store, proven by the engine, whole with the first delta', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    const moved = followed(two);
    await until(async () => {
      const stored = await Promise.all(moved.map((id) => world.store.load('ns', 'pool', id)));
      return stored.every((state) => state?.blocks[0]?.keys.length === 3);
    }, PATIENCE_MS);
    two.cutOff();
    const from = world.events.length;
    for (const name of NAMES) engine(name).store('126');
    await until(() => moved.every((id) => one.state(id) === 'live'), PATIENCE_MS);
    for (const id of moved) {
      expect(one.parts.tracker.get(id)?.cache?.counters.batches).toBeLessThanOrEqual(1);
      await until(() => one.matched(id, '126') === 3, PATIENCE_MS);
    }
    const batches = world.events.slice(from).filter((event) => event.type === 'kv.delta');
    const deltas = batches.flatMap(({ data }) => (data as EventData<'kv.delta'>).deltas);
    for (const id of moved) {
      const first = deltas.find((delta) => delta.engine === id && delta.sequence === 1);
      expect(first).toMatchObject({ cleared: true });
      expect(first?.changes[0]?.stored.length).toBeGreaterThan(40);
    }
    expect(world.eventsOf('engine.gone')).toEqual([]);
  });

  it('are not changed by one that was taken for dead and goes on publishing, and take it back', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    const moved = followed(two);
    const [name] = NAMES.filter((each) => moved.includes(idOf(each))) as [string];
    const stale = two.parts.tracker.get(idOf(name))?.incarnation as number;
    two.cutOff();
    await until(() => moved.every((id) => one.state(id) === 'live'), PATIENCE_MS);
    await one.parts.host.settled();
    const taken = one.parts.host.sync(idOf(name))?.incarnation as number;
    expect(taken).toBeGreaterThan(stale);
    // It has published blocks that the engine dropped since, and NATS brings all of it late.
    engine(name).store('77');
    await until(() => two.matched(idOf(name), '77') === 2, PATIENCE_MS);
    await until(() => one.matched(idOf(name), '77') === 2, PATIENCE_MS);
    engine(name).evict('77');
    engine(name).evict('7');
    await until(() => one.matched(idOf(name), '77') === 0, PATIENCE_MS);
    const known = keysIn(one, name);
    two.bus.reconnect();
    await two.bus.settle();
    await one.bus.settle();
    await one.parts.host.settled();
    expect(one.parts.host.sync(idOf(name))?.incarnation).toBe(taken);
    expect(keysIn(one, name)).toBe(known);
    // What came from the store of the other's life was refused, too.
    const stored = await world.store.load('ns', 'pool', idOf(name));
    expect(stored?.incarnation).toBe(taken);
    two.renewLease();
    await until(() => String(followed(two).sort()) === String(moved.sort()), PATIENCE_MS);
    await converged(one, two);
    expect(one.parts.host.sync(idOf(name))?.incarnation).toBeGreaterThan(taken);
  });

  it.each(['with', 'without'])(
    'take over from one that dies while its engines restart, %s replay',
    async (replay) => {
      fill();
      const [one, two] = [start('one'), start('two')];
      await converged(one, two);
      const moved = followed(two);
      two.cutOff();
      for (const name of NAMES.filter((each) => moved.includes(idOf(each)))) {
        engine(name).restart();
        engine(name).canReplay = replay === 'with';
        engine(name).store('8');
      }
      await until(() => moved.every((id) => one.state(id) === 'live'), PATIENCE_MS);
      for (const name of NAMES.filter((each) => moved.includes(idOf(each)))) {
        engine(name).store('89');
        await until(() => one.matched(idOf(name), '12') === 0, PATIENCE_MS);
        // Without replay nobody can know of the first block, and the second one has no parent.
        const blocks = replay === 'with' ? 2 : 0;
        await until(() => one.matched(idOf(name), '89') === blocks, PATIENCE_MS);
        expect(one.parts.index.blocksOf(idOf(name))).toBe(blocks);
      }
    },
  );

  it('withdraw the blocks of an engine whose container restarted while its replica was dead', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    const name = NAMES.find((each) => followed(two).includes(idOf(each))) as string;
    two.cutOff();
    world.store.disconnect();
    engine(name).restart();
    engine(name).listening = false;
    await world.applyPod(name, `10.0.0.${NAMES.indexOf(name)}`, 1, 'n1');
    await until(() => one.state(idOf(name)) === 'connecting', PATIENCE_MS);
    await until(() => one.matched(idOf(name), '12') === 0, PATIENCE_MS);
    expect(one.state(idOf(name))).toBe('connecting');
    world.store.reconnect();
  });

  it('tell the files on storage that one that died had not told', async () => {
    const files = () =>
      world.eventsOf('tier.stored').flatMap((e) => (e.data as unknown as EventData<'tier.stored'>).files);
    fill();
    const [one, two] = [start('one', '--storage-events=forward'), start('two', '--storage-events=forward')];
    await converged(one, two);
    const moved = NAMES.filter((name) => followed(two).includes(idOf(name)));
    two.cutOff();
    for (const name of moved) engine(name).announceFile('12');
    await until(() => files().length >= moved.length, PATIENCE_MS);
    expect(new Set(files().map(({ hash }) => hash))).toEqual(new Set([digestOf('12').toString('hex')]));
  });

  it('forget an engine that leaves, also when the one that followed it is dead', async () => {
    fill();
    const [one, two] = [start('one'), start('two')];
    await converged(one, two);
    const name = NAMES.find((each) => followed(two).includes(idOf(each))) as string;
    const other = NAMES.find((each) => followed(one).includes(idOf(each))) as string;
    await world.removeEngine(other);
    await until(() => two.parts.index.blocksOf(idOf(other)) === 0, PATIENCE_MS);
    await running.splice(1, 1)[0]?.kill(world);
    await world.removeEngine(name);
    await until(() => !one.parts.tracker.known().has(idOf(name)), PATIENCE_MS);
    one.parts.holders.forgetSilent();
    world.clock.advance(6_000);
    one.parts.holders.forgetSilent();
    await one.parts.host.settled();
    expect(one.parts.index.blocksOf(idOf(name))).toBe(0);
    expect(one.parts.engines.get(idOf(name))).toBeUndefined();
    await until(
      () => world.eventsOf('engine.gone').some(({ data }) => data.engine === idOf(name)),
      PATIENCE_MS,
    );
    await until(async () => !(await world.store.engines('ns', 'pool')).includes(idOf(name)), PATIENCE_MS);
  });
});
