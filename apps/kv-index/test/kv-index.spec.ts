import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventData, packU64, unpackKvDeltas, unpackKvSnapshot } from '@penstock/contracts';
import { KvReplica, PrefixIndex } from '@penstock/core/kv';
import { FakeEventBus, until } from '@penstock/testing';
import { RunningIndex, World } from './index-harness.js';

const A = 'ns/a';

describe('kv-index', () => {
  let world: World;
  const running: RunningIndex[] = [];
  const start = (...flags: string[]) => {
    const index = new RunningIndex(world, flags);
    running.push(index);
    return index;
  };
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((index) => index.stop()));
    await world.stop();
  });

  /** What another service knows of an engine that read every event from the start. */
  async function elsewhere(): Promise<bigint[]> {
    const replica = new KvReplica(new PrefixIndex());
    const bus = new FakeEventBus({ broker: world.broker });
    await bus.follow({ types: ['kv.delta', 'kv.snapshot', 'engine.gone'], from: 'all' }, ({ type, data }) => {
      if (type === 'engine.gone') replica.engineGone((data as EventData<'engine.gone'>).engine);
      if (type === 'kv.delta') {
        for (const delta of unpackKvDeltas(data as EventData<'kv.delta'>)) replica.applyDelta(delta, 0);
      }
      if (type === 'kv.snapshot') {
        replica.applySnapshot(unpackKvSnapshot(data as EventData<'kv.snapshot'>), 0);
      }
    });
    await bus.settle();
    await bus.close();
    return [...replica.index.keysOf(A, 'gpu')].sort();
  }

  it('discovers an engine, takes its history, follows it live and tells others', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    const index = start('--kv-worker=on');
    await index.live(A);
    engine.store('123');
    await until(() => index.matched(A, '1234') === 3);
    engine.evict('123');
    await until(() => index.matched(A, '1234') === 2);
    expect(world.engines.opened).toMatchObject([{ ip: '10.0.0.1', eventsPort: 7001, replayPort: 7002 }]);
    const registered = world.eventsOf('engine.registered').map((e) => e.data);
    expect(registered[0]).toMatchObject({
      engine: A,
      pod: 'a',
      address: '10.0.0.1:8000',
      model: '',
      kvEvents: true,
    });
    expect(registered[1]).toMatchObject({ model: 'm', blockSize: 2 });
    expect(world.eventsOf('engine.ready')).toHaveLength(1);
    expect(await elsewhere()).toEqual([...index.parts.index.keysOf(A, 'gpu')].sort());
  });

  it('fetches what it missed, and gives up what an engine can no longer prove', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start();
    await index.live(A);
    engine.store('12');
    engine.evict('12', { lose: true });
    engine.store('3');
    await until(() => index.matched(A, '3') === 1);
    expect(index.matched(A, '12')).toBe(1);
    engine.canReplay = false;
    engine.store('4', { lose: true });
    engine.store('5');
    await until(() => index.matched(A, '5') === 1);
    expect(['1', '3', '4'].map((prompt) => index.matched(A, prompt))).toEqual([0, 0, 0]);
  });

  it('notices a restart by the connection, also when the numbers continue', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start();
    await index.live(A);
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    const handlers = world.engines.handlers.get('10.0.0.1');
    handlers?.onConnection(false);
    expect(index.state(A)).toBe('stale');
    expect(index.matched(A, '12')).toBe(2);
    engine.restart();
    engine.store('3', { lose: true });
    handlers?.onConnection(true);
    engine.store('34');
    await until(() => index.matched(A, '34') === 2);
    expect(index.matched(A, '12')).toBe(0);
    expect(await elsewhere()).toEqual([...index.parts.index.keysOf(A, 'gpu')].sort());
  });

  it('withdraws the blocks when the cluster says the engine restarted, before it answers again', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    const index = start();
    await until(() => index.matched(A, '12') === 2);
    engine.restart();
    engine.reachable = false;
    await world.applyPod('a', '10.0.0.1', 1);
    await until(() => index.matched(A, '12') === 0);
    await until(async () => (await elsewhere()).length === 0);
    engine.reachable = true;
    engine.store('5');
    await until(() => index.matched(A, '5') === 1);
    expect(index.parts.tracker.processRestarts).toBe(1);
  });

  it('forgets an engine that leaves, everywhere', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    const index = start();
    await until(async () => (await world.store.load('ns', 'pool', A)) !== undefined);
    await world.removeEngine('a');
    await until(() => index.matched(A, '12') === 0);
    await until(async () => (await world.store.engines('ns', 'pool')).length === 0);
    expect(world.eventsOf('engine.gone').at(-1)?.data).toMatchObject({
      engine: A,
      incarnation: world.eventsOf('kv.snapshot').at(-1)?.data['incarnation'],
      reason: 'its pod left the pool',
    });
    expect(await elsewhere()).toEqual([]);
  });

  it('is believed again when an engine comes back under its name while the clock is behind', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const future = world.clock.nowMs() + 3 * 3_600_000;
    const stored = { incarnation: future, sequence: 1, engineSequence: 0, facts: {}, blocks: [] };
    await world.store.replace('ns', 'pool', { engineId: A, ...stored });
    const index = start();
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    await world.removeEngine('a');
    await until(() => world.eventsOf('engine.gone').length === 1);
    await world.addEngine('a', '10.0.0.1');
    await until(() => index.matched(A, '12') === 2);
    expect(await elsewhere()).toHaveLength(2);
    expect(index.parts.tracker.get(A)?.incarnation).toBeGreaterThan(future);
  });

  it('begins after what others know of the engine when the store is empty and the clock is behind', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    const incarnation = world.clock.nowMs() + 3 * 3_600_000;
    const tiers = [{ tier: 'gpu', keys: packU64(BigUint64Array.of(1n)) }];
    const data = { engine: A, incarnation, sequence: 1, part: 0, parts: 1, tiers };
    const before = new FakeEventBus({ broker: world.broker });
    before.publish({ type: 'kv.snapshot', namespace: 'ns', pool: 'pool', key: `${A}/0`, data });
    await before.flush();
    await before.close();
    const index = start();
    await until(() => index.matched(A, '12') === 2);
    expect(await elsewhere()).toEqual([...index.parts.index.keysOf(A, 'gpu')].sort());
  });

  it('starts warm: from the store, and only what the engine proves', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    engine.store('34');
    const first = start();
    await until(async () => (await world.store.load('ns', 'pool', A))?.blocks[0]?.keys.length === 4);
    const before = first.parts.tracker.get(A)?.incarnation as number;
    await running.splice(0)[0]?.kill(world);
    engine.evict('34');
    const second = start();
    await until(() => second.matched(A, '12') === 2);
    expect(second.matched(A, '34')).toBe(1);
    const cache = second.parts.tracker.get(A)?.cache;
    expect(cache?.incarnation).toBeGreaterThan(before);
    // Only the batch after the stored state was applied again.
    expect(cache?.counters.batches).toBe(1);
    expect(await elsewhere()).toEqual([...second.parts.index.keysOf(A, 'gpu')].sort());
  });

  it('does not believe the store when the engine began anew meanwhile', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    start();
    await until(async () => (await world.store.load('ns', 'pool', A)) !== undefined);
    await running.splice(0)[0]?.kill(world);
    engine.restart();
    engine.store('7');
    const second = start();
    await until(() => second.matched(A, '7') === 1);
    expect(second.matched(A, '1')).toBe(0);
    await until(async () => (await world.store.load('ns', 'pool', A))?.blocks[0]?.keys.length === 1);
  });

  it('clears away stored engines that left while it was down', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    start();
    await until(async () => (await world.store.load('ns', 'pool', A)) !== undefined);
    const life = (await world.store.load('ns', 'pool', A))?.incarnation;
    await running.splice(0)[0]?.kill(world);
    await world.removeEngine('a');
    start();
    await until(async () => (await world.store.engines('ns', 'pool')).length === 0);
    await until(() => world.eventsOf('engine.gone').length > 0);
    expect(world.eventsOf('engine.gone')[0]?.data).toMatchObject({ engine: A, incarnation: life });
    expect(await elsewhere()).toEqual([]);
  });

  it('names the life that ended also of an engine that it never reached', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.reachable = false;
    const tiers = [{ tier: 'gpu', keys: packU64(BigUint64Array.of(1n)) }];
    const life = { incarnation: 77, sequence: 1, part: 0, parts: 1 };
    const before = new FakeEventBus({ broker: world.broker, source: 'kv-index/before' });
    const place = { namespace: 'ns', pool: 'pool', key: `${A}/0` };
    before.publish({ type: 'kv.snapshot', ...place, data: { engine: A, ...life, tiers } });
    await before.close();
    const index = start();
    await until(() => index.parts.tracker.get(A) !== undefined);
    await world.removeEngine('a');
    // Without it this last word on the name would end every later life for who reads it later.
    await until(() => world.eventsOf('engine.gone').length > 0);
    expect(world.eventsOf('engine.gone')[0]?.data).toMatchObject({ engine: A, incarnation: 77 });
  });

  it('writes everything again after the store lost it or was away', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    const index = start();
    const stored = async () =>
      (await world.store.load('ns', 'pool', A).catch(() => undefined))?.blocks[0]?.keys.length ?? 0;
    await until(async () => (await stored()) === 2);
    world.store.flushAll();
    await until(async () => (await stored()) === 2);
    world.store.disconnect();
    engine.store('345');
    await until(() => index.matched(A, '345') === 3);
    await until(() => index.parts.persister.problem !== undefined);
    world.store.reconnect();
    await until(async () => (await stored()) === 5);
    await until(() => index.parts.persister.problem === undefined);
  });

  it('keeps following without the bus and the cluster, and tells everything again when the bus is back', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start();
    await index.live(A);
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    index.bus.disconnect();
    world.cluster.disconnect();
    engine.store('34');
    await until(() => index.matched(A, '34') === 2);
    world.broker.wipe();
    const before = world.events.length;
    index.bus.reconnect();
    await until(() => world.events.slice(before).some((event) => event.type === 'kv.snapshot'));
    await until(() => world.events.slice(before).some((event) => event.type === 'engine.ready'));
    expect(await elsewhere()).toEqual([...index.parts.index.keysOf(A, 'gpu')].sort());
  });

  it('asks again for a message that could not be read', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start();
    await index.live(A);
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    const next = (index.parts.tracker.get(A)?.cache?.engineSequence ?? 0) + 1;
    engine.evict('12', { lose: true });
    world.engines.handlers.get('10.0.0.1')?.onUnreadable(next, false);
    await until(() => index.matched(A, '12') === 1);
  });

  it('drops an engine whose message could not be read and does not come again', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start();
    await index.live(A);
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    const next = (index.parts.tracker.get(A)?.cache?.engineSequence ?? 0) + 1;
    engine.canReplay = false;
    engine.evict('12', { lose: true });
    world.engines.handlers.get('10.0.0.1')?.onUnreadable(next, false);
    engine.store('5');
    await until(() => index.matched(A, '5') === 1);
    expect(index.matched(A, '12')).toBe(0);
  });

  it('finds out that the last message before a silence was lost', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    const index = start('--silence-check-ms=50');
    await index.live(A);
    engine.store('12');
    await until(() => index.matched(A, '12') === 2);
    engine.evict('12', { lose: true });
    await until(() => index.matched(A, '12') === 1);
    // The same of an engine that restarted unseen.
    engine.restart();
    await until(() => index.matched(A, '12') === 0);
  });

  it('asks again for a history that a declared replay port did not give', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    engine.store('12');
    engine.canReplay = false;
    const index = start();
    await index.live(A);
    expect(index.matched(A, '12')).toBe(0);
    engine.canReplay = true;
    await until(() => index.matched(A, '12') === 2, 6_000);
  });

  it('splits what is too large for one message, and repeats snapshots in time', async () => {
    const engine = await world.addEngine('a', '10.0.0.1');
    for (const prompt of ['11', '22', '33', '44']) engine.store(prompt);
    start('--snapshot-part-blocks=3');
    await until(() => world.eventsOf('kv.snapshot').length >= 3);
    expect(world.eventsOf('kv.snapshot').map((e) => e.data.part)).toEqual([0, 1, 2]);
    expect(new Set(world.eventsOf('kv.snapshot').map((e) => e.key)).size).toBe(3);
    expect(world.eventsOf('kv.delta')).toEqual([]);
    expect((await elsewhere()).length).toBe(8);
    engine.store('5');
    await until(() => world.eventsOf('kv.delta').length === 1);
    expect(world.eventsOf('kv.snapshot')).toHaveLength(3);
    world.clock.advance(5_001);
    await until(() => world.eventsOf('kv.snapshot').length === 6);
    world.clock.advance(19_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(world.eventsOf('kv.snapshot')).toHaveLength(6);
    world.clock.advance(1_001);
    await until(() => world.eventsOf('kv.snapshot').length === 9);
  });
});
