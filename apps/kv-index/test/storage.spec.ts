import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventData, packKvDeltas, packU64, unpackU64 } from '@penstock/contracts';
import {
  blockKeys,
  isStorageHolder,
  type KvDelta,
  namespaceSeed,
  nodeHolder,
  objectStoreHolder,
  type Tier,
} from '@penstock/core/kv';
import { FakeEventBus, until } from '@penstock/testing';
import { lookupBlocks } from '../src/application/lookup-blocks.js';
import { scoreEndpoints } from '../src/application/score-endpoints.js';
import { RunningIndex, World } from './index-harness.js';
import { digestOf, tokensOf } from './simulated-engine.js';

const keysOf = (prompt: string) =>
  blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokensOf(prompt), 2);
const query = (prompt: string) => ({
  model: 'm',
  tenant: '',
  lora: '',
  cacheSalt: '',
  tokenIds: tokensOf(prompt),
  blockSize: 0,
});
const everyPool = { poolNamespace: '', pool: '' };
const NODE = nodeHolder('ns', 'pool', 'n1');
const OFFLOAD = 'kv-offload/test';
const S3 = objectStoreHolder('ns', 'pool');

describe('kv-index and storage', () => {
  let world: World;
  let offload: FakeEventBus;
  let index: RunningIndex;
  let sequence = 0;

  const start = (...flags: string[]) => {
    index = new RunningIndex(world, flags);
  };
  /** What kv-offload says of a holder. */
  const delta = (holder: string, tier: Tier, prompt: string, removed = '') => {
    const changes = [{ tier, stored: keysOf(prompt), removed: keysOf(removed) }];
    publish({ engineId: holder, incarnation: 1, sequence: ++sequence, cleared: false, changes });
  };
  const publish = (told: KvDelta) => {
    const [data] = packKvDeltas(OFFLOAD, [told]);
    offload.publish({ type: 'kv.delta', namespace: 'ns', pool: 'pool', key: OFFLOAD, data });
  };
  const scores = (prompt: string) =>
    scoreEndpoints(index.parts.index, index.parts.tracker.engines(), everyPool, query(prompt)).endpoints;
  const told = () => world.eventsOf('tier.stored').map((e) => e.data as unknown as EventData<'tier.stored'>);

  beforeEach(async () => {
    sequence = 0;
    world = new World();
    await world.start();
    offload = new FakeEventBus({ broker: world.broker, source: OFFLOAD });
  });
  afterEach(async () => {
    await index.stop();
    await offload.close();
    await world.stop();
  });

  it('tells files with their node and all their keys, and does not count the engine as their holder', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    engine.store('1234');
    engine.announceFile('12');
    start('--storage-events=forward');
    await index.live('ns/a');
    await until(() => told().length === 1);
    engine.announceFile('1234', 2);
    await until(() => told().length === 2);
    expect(told()).toMatchObject([
      { engine: 'ns/a', node: 'n1', files: [{ hash: digestOf('12').toString('hex') }] },
      { engine: 'ns/a', node: 'n1', files: [{ hash: digestOf('1234').toString('hex') }] },
    ]);
    expect(unpackU64(told()[1]?.files[0]?.keys ?? '')).toEqual(keysOf('1234').slice(2));
    expect(index.parts.index.keysOf('ns/a', 's3')).toHaveLength(0);
    expect(index.parts.forwarder.forwarded).toBe(2);
    // Blocks nobody knows and names nobody knows are counted, not told.
    engine.announceFile('99');
    engine.announceFile('12', 0, null);
    await until(() => {
      const { skipped } = index.parts.totals.sum(index.parts.tracker.engines());
      return skipped['file-unknown-block'] === 1 && skipped['file-unnamed'] === 1;
    });
    expect(told()).toHaveLength(2);
  });

  it('tells a great many files in bounded messages, and none without a node', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    const nowhere = await world.addEngine('b', '10.0.0.2');
    start('--storage-events=forward');
    await Promise.all([index.live('ns/a'), index.live('ns/b')]);
    engine.store('12');
    nowhere.store('12');
    for (let i = 0; i < 3000; i++) engine.announceFile('12');
    nowhere.announceFile('12');
    await until(() => told().reduce((sum, { files }) => sum + files.length, 0) === 3000);
    expect(told().every(({ files }) => files.length <= 1024)).toBe(true);
    await until(() => index.parts.forwarder.withoutNode === 1);
  });

  it('tells files again that the process before may not have told', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    engine.store('12');
    start('--storage-events=forward');
    await until(async () => (await world.store.load('ns', 'pool', 'ns/a'))?.engineSequence === 0);
    engine.announceFile('12');
    engine.store('3');
    await until(async () => (await world.store.load('ns', 'pool', 'ns/a'))?.engineSequence === 2);
    await until(() => told().length === 1);
    await index.kill(world);
    start('--storage-events=forward');
    await until(() => told().length === 2);
    expect(told()[1]).toEqual(told()[0]);
    expect(index.parts.tracker.get('ns/a')?.cache?.counters.batches).toBe(0);
  });

  it('counts the engine as holder of its files unless told otherwise', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    start();
    await index.live('ns/a');
    engine.store('12');
    engine.announceFile('12');
    await until(() => index.parts.index.keysOf('ns/a', 's3').length === 2);
    expect(told()).toEqual([]);
  });

  it('scores and finds what kv-offload says storage holds, until it is withdrawn', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    await world.addEngine('b', '10.0.0.2', 0, 'n2');
    engine.store('1');
    start();
    await Promise.all([index.live('ns/a'), index.live('ns/b')]);
    await until(() => index.matched('ns/a', '1') === 1);
    delta(NODE, 'cpu', '12');
    sequence = 0;
    delta(S3, 's3', '123');
    await until(() => index.parts.holders.status().holders === 2);
    await until(() => scores('1234')[1]?.matchedTokens === 6);
    expect(scores('1234')).toMatchObject([
      {
        engineId: 'ns/a',
        matchedTokens: 6,
        byTier: [
          { tier: 'gpu', tokens: 2 },
          { tier: 'cpu', tokens: 2 },
          { tier: 's3', tokens: 2 },
        ],
      },
      { engineId: 'ns/b', matchedTokens: 6, byTier: [{ tier: 's3', tokens: 6 }] },
    ]);
    const engines = () => index.parts.tracker.engines();
    const { blocks } = await lookupBlocks(index.parts.index, engines(), everyPool, query('123'));
    const names = blocks.map(({ holders }) => holders.map((h) => `${h.engineId} ${h.tier}`));
    expect(names).toEqual([
      [`${NODE} cpu`, `${S3} s3`, 'ns/a gpu'],
      [`${NODE} cpu`, `${S3} s3`],
      [`${S3} s3`],
    ]);
    const other = { poolNamespace: '', pool: 'other' };
    expect((await lookupBlocks(index.parts.index, engines(), other, query('123'))).blocks).toEqual([]);
    delta(S3, 's3', '', '123');
    await until(() => scores('1234')[1]?.matchedTokens === 0);
    expect(scores('1234')[0]?.matchedTokens).toBe(4);
    // Never published again, nor stored, by this service.
    const own = world.events.filter((e) => e.source.startsWith('kv-index'));
    expect(own.some((e) => isStorageHolder(e.key ?? ''))).toBe(false);
    expect((await world.store.engines('ns', 'pool')).some(isStorageHolder)).toBe(false);
  });

  it('waits for a snapshot after a gap, and forgets storage that fell silent but no engine', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    engine.store('1');
    start();
    await index.live('ns/a');
    delta(NODE, 'cpu', '12');
    await until(() => scores('12')[0]?.matchedTokens === 4);
    sequence++;
    delta(NODE, 'cpu', '123');
    await until(() => index.parts.holders.status().waiting === 1);
    expect(scores('123')[0]?.matchedTokens).toBe(2);
    const tiers = [{ tier: 'cpu', keys: packU64(keysOf('123')) }];
    const data = { engine: NODE, incarnation: 1, sequence: 3, part: 0, parts: 1, tiers };
    offload.publish({ type: 'kv.snapshot', namespace: 'ns', pool: 'pool', key: `${NODE}/0`, data });
    await until(() => scores('123')[0]?.matchedTokens === 6);
    world.clock.advance(61_000);
    index.parts.holders.forgetSilent();
    await index.parts.host.settled();
    expect(index.parts.holders).toMatchObject({ forgotten: 1 });
    expect(index.parts.holders.status().holders).toBe(0);
    expect(scores('123')[0]?.matchedTokens).toBe(2);
  });

  it('does not let a holder of storage write over an engine', async () => {
    const engine = await world.addEngine('a', '10.0.0.1', 0, 'n1');
    engine.store('1');
    start();
    await index.live('ns/a');
    await until(() => index.matched('ns/a', '1') === 1);
    const changes = [{ tier: 'gpu' as const, stored: keysOf('12'), removed: new BigUint64Array(0) }];
    publish({ engineId: 'ns/a', incarnation: 9e15, sequence: 1, cleared: true, changes });
    await index.bus.settle();
    expect(index.matched('ns/a', '12')).toBe(1);
  });
});
