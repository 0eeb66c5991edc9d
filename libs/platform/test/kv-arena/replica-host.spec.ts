import { afterEach, describe, expect, it } from '@jest/globals';
import { type EventData, packKvDeltas, packKvSnapshot } from '@penstock/contracts';
import { type KvDelta, KvReplica, PrefixIndex, TIERS } from '@penstock/core/kv';
import { openReplicaHost, type ReplicaHost, type ReplicaHostOptions } from '@penstock/platform';
import { FakeClock, until } from '@penstock/testing';
import fc from 'fast-check';

const ENGINE = 'ns/pod';
const STORAGE = '@ns/p/s3';
const keys = (...values: number[]) => BigUint64Array.from(values.map(BigInt));
const sorted = (list: BigUint64Array) => [...list].map(Number).sort((a, b) => a - b);

const delta = (sequence: number, stored: number[], more: Partial<KvDelta> = {}): KvDelta => ({
  engineId: ENGINE,
  incarnation: 1,
  sequence,
  cleared: false,
  changes: [{ tier: 'gpu', stored: keys(...stored), removed: keys() }],
  ...more,
});
const snapshot = (sequence: number, held: number[], engineId = ENGINE) => ({
  ...{ engineId, incarnation: 1, sequence, part: 0, parts: 1 },
  tiers: [{ tier: 'gpu' as const, keys: keys(...held) }],
});
/** As it comes from the bus. */
const batch = (...deltas: KvDelta[]) => packKvDeltas('i', deltas)[0] as EventData<'kv.delta'>;

describe.each(['on', 'off'] as const)('a replica host, worker %s', (worker) => {
  const hosts: ReplicaHost[] = [];
  const clock = new FakeClock(1_000_000);
  const counts = new Map<string, number>();
  const open = (options: Partial<ReplicaHostOptions> = {}) => {
    counts.clear();
    const onUpdates = (type: string, outcome: string, count: number) => {
      const key = `${type} ${outcome}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    };
    const host = openReplicaHost(worker, { clock, onUpdates, ...options });
    hosts.push(host);
    return host;
  };
  afterEach(() => Promise.all(hosts.splice(0).map((host) => host.stop())));
  const held = (host: ReplicaHost, engineId = ENGINE) => sorted(host.index.keysOf(engineId, 'gpu'));

  it('knows what a replica on this thread knows of the same news', async () => {
    const host = open();
    let life = 0;
    const position = fc.record({ engine: fc.nat(2), incarnation: fc.nat(2), sequence: fc.nat(5) });
    const some = fc.uniqueArray(fc.nat(12), { maxLength: 6 });
    const tier = fc.constantFrom(...TIERS);
    const window = fc.constantFrom({}, { window: true });
    const news = fc.oneof(
      fc.record({
        type: fc.constant('delta' as const),
        at: position,
        tier,
        window,
        stored: some,
        removed: some,
      }),
      fc.record({ type: fc.constant('snapshot' as const), at: position, tier, window, stored: some }),
      fc.record({ type: fc.constant('gone' as const), at: position }),
      fc.record({ type: fc.constant('lost' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(news, { maxLength: 30 }), async (all) => {
        const expected = new KvReplica(new PrefixIndex());
        life++;
        const nameOf = (engine: number) => `ns/life-${life}-${engine}`;
        for (const each of all) {
          if (each.type === 'lost') {
            host.lostTrack();
            expected.lostTrack();
            continue;
          }
          const { engine, ...at } = each.at;
          const engineId = nameOf(engine);
          const nowMs = clock.nowMs();
          if (each.type === 'gone') {
            host.engineGone(engineId, at.incarnation);
            expected.engineGone(engineId, at.incarnation);
          } else if (each.type === 'snapshot') {
            const tiers = [{ tier: each.tier, ...each.window, keys: keys(...each.stored) }];
            const told = { engineId, ...at, windowBlocks: 1, part: 0, parts: 1, tiers };
            host.takeSnapshot(packKvSnapshot(told));
            expected.applySnapshot(told, nowMs);
          } else {
            const stored = each.stored.filter((key) => !each.removed.includes(key));
            const change = {
              tier: each.tier,
              ...each.window,
              stored: keys(...stored),
              removed: keys(...each.removed),
            };
            const told = { engineId, ...at, cleared: false, windowBlocks: 1, changes: [change] };
            host.takeBatch(batch(told));
            expected.applyDelta(told, nowMs);
          }
        }
        await host.settled();
        for (const engineId of [0, 1, 2].map(nameOf)) {
          const sync = expected.sync(engineId, clock.nowMs());
          expect(host.sync(engineId)).toEqual(sync);
          for (const of of TIERS) {
            for (const kind of [{}, { window: true }])
              expect(sorted(host.index.keysOf(engineId, of, kind))).toEqual(
                sorted(expected.index.keysOf(engineId, of, kind)),
              );
          }
          const prompt = keys(0, 1, 2, 3, 4);
          expect(host.index.match(prompt, [engineId])).toEqual(expected.index.match(prompt, [engineId]));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says how old its news is, and what became of them', async () => {
    const host = open();
    host.takeBatch(batch(delta(1, [1, 2]), delta(2, [3]), delta(4, [5])));
    host.takeBatch(batch({ ...delta(1, [7]), engineId: 'ns/other' }));
    clock.advance(250);
    await host.settled();
    expect([host.isSynced(ENGINE), host.isSynced('ns/other'), host.isSynced('ns/none')]).toEqual([
      false,
      true,
      false,
    ]);
    const position = { engineId: 'ns/other', incarnation: 1, sequence: 1 };
    expect(host.sync('ns/other')).toEqual({ ...position, state: 'synced', ageMs: 250 });
    expect(host.sync('ns/none')).toBeUndefined();
    expect(
      host
        .followed()
        .map(({ engineId }) => engineId)
        .sort(),
    ).toEqual(['ns/other', ENGINE]);
    expect(Object.fromEntries(counts)).toEqual({ 'kv.delta applied': 3, 'kv.delta gap': 1 });
    host.takeSnapshot(packKvSnapshot(snapshot(4, [1, 5])));
    await host.settled();
    expect(held(host)).toEqual([1, 5]);
    expect(counts.get('kv.snapshot applied')).toBe(1);
    expect(host.status()).toMatchObject({ backlogBytes: 0, overflows: 0, restarts: 0 });
  });

  it('keeps what it follows at first hand when it loses track, and asks for what did not apply', async () => {
    const refused: string[][] = [];
    const host = open({ onOwnRefused: (engines) => void refused.push([...engines]) });
    host.takeDeltas([delta(1, [1]), { ...delta(1, [2]), engineId: 'ns/other' }]);
    host.lostTrack(new Set([ENGINE]));
    await host.settled();
    expect([held(host), held(host, 'ns/other')]).toEqual([[1], []]);
    host.takeDeltas([delta(3, [3])]);
    await host.settled();
    expect(refused).toEqual([[ENGINE]]);
    expect(held(host)).toEqual([]);
    host.takeSnapshots([snapshot(3, [1, 3])]);
    await host.settled();
    expect(held(host)).toEqual([1, 3]);
  });

  it('tells a watcher what it does, and what an engine holds in between', async () => {
    const told: string[] = [];
    const host = open({
      onEvent: (event) =>
        void told.push(
          event.kind === 'change' ? `change ${event.delta.sequence}` : `reset ${event.engineId}`,
        ),
    });
    const ask = (withKeys: boolean) =>
      host.contents(ENGINE, withKeys, ({ sequence, blocks, tiers }) => {
        const gpu = tiers.find(({ tier, window }) => tier === 'gpu' && !window);
        told.push(`contents ${sequence} ${blocks} ${gpu && sorted(gpu.keys)}`);
      });
    host.takeBatch(batch(delta(1, [1])));
    host.watch(true);
    host.takeBatch(batch(delta(2, [2])));
    ask(true);
    host.takeDeltas([delta(3, [3])]);
    ask(false);
    host.lostTrack();
    host.watch(false);
    host.takeSnapshot(packKvSnapshot(snapshot(3, [1])));
    await host.settled();
    expect(told).toEqual([
      ...['change 2', 'contents 2 2 1,2', 'change 3', 'contents 3 3 undefined'],
      `reset ${ENGINE}`,
    ]);
  });

  it('forgets storage that fell silent, and no engine', async () => {
    const host = open();
    host.takeBatch(batch(delta(1, [1]), { ...delta(1, [1]), engineId: STORAGE }));
    clock.advance(5_000);
    host.forgetSilentStorage(5_000);
    await host.settled();
    expect(host.index.storageHolders).toBe(1);
    clock.advance(1);
    host.forgetSilentStorage(5_000);
    await host.settled();
    expect([host.index.storageHolders, held(host)]).toEqual([0, [1]]);
    expect(counts.get('storage forgotten')).toBe(1);
  });

  it('believes nothing that keys it cannot read may have changed', async () => {
    const host = open();
    host.takeBatch(batch(delta(1, [1]), { ...delta(1, [1]), engineId: 'ns/other' }));
    const broken = batch(delta(2, [2]), { ...delta(2, [2]), engineId: 'ns/other' });
    Object.assign(broken.deltas[0]?.changes[0] ?? {}, { stored: 'AAAA' });
    host.takeBatch(broken);
    await host.settled();
    expect([host.isSynced(ENGINE), held(host), held(host, 'ns/other')]).toEqual([false, [], [1, 2]]);
    expect(counts.get('kv.delta refused')).toBe(1);
    host.takeBatch({ wire: 2, ingester: 'i', deltas: 'of another layout' } as never);
    await host.settled();
    expect([host.isSynced('ns/other'), held(host, 'ns/other')]).toEqual([false, []]);
    expect(counts.get('kv.delta unknown-wire')).toBe(1);
    host.takeSnapshot({ ...packKvSnapshot(snapshot(2, [1])), tiers: [{ tier: 'gpu', keys: 'AAAA' }] });
    host.takeSnapshot(packKvSnapshot(snapshot(2, [1])));
    await host.settled();
    expect([counts.get('kv.snapshot refused'), held(host)]).toEqual([1, [1]]);
  });
});

describe('a replica host whose worker', () => {
  const clock = new FakeClock(1_000_000);
  const many = Array.from({ length: 20_000 }, (_, i) => i);

  it('falls behind gives everything up, holds no more than its bound, and takes snapshots again', async () => {
    const lost: string[] = [];
    let dropped = 0;
    const maxBacklogBytes = 1_000_000;
    const host = openReplicaHost('on', {
      clock,
      maxBacklogBytes,
      onLost: (reason) => void lost.push(reason),
      onUpdates: (_, outcome, count) => {
        if (outcome === 'dropped') dropped += count;
      },
    });
    try {
      host.takeBatch(batch(delta(1, [1, 2])));
      await host.settled();
      for (let sequence = 2; sequence < 40; sequence++) {
        host.takeBatch(batch(delta(sequence, many)));
        expect(host.status().backlogBytes).toBeLessThanOrEqual(maxBacklogBytes);
      }
      expect(host.status()).toMatchObject({ overflows: 1 });
      await host.settled();
      await until(() => lost.length === 1);
      expect([host.isSynced(ENGINE), host.index.blocksOf(ENGINE)]).toEqual([false, 0]);
      // Whatever waited or came then was not looked at.
      expect(dropped).toBeGreaterThan(30);
      host.takeSnapshot(packKvSnapshot(snapshot(39, [4])));
      await host.settled();
      expect(sorted(host.index.keysOf(ENGINE, 'gpu'))).toEqual([4]);
    } finally {
      await host.stop();
    }
  }, 60_000);

  it('dies knows nothing, says so, and begins anew with another one', async () => {
    const lost: string[] = [];
    const host = openReplicaHost('on', { clock, onLost: (reason) => void lost.push(reason) });
    try {
      const { index } = host;
      host.watch(true);
      host.takeBatch(batch(delta(1, [1, 2])));
      await host.settled();
      expect(index.blocksOf(ENGINE)).toBe(2);
      const { crew } = host as unknown as { crew: { worker: { terminate(): Promise<number> } } };
      const answers: number[] = [];
      const ended = crew.worker.terminate();
      host.contents(ENGINE, true, ({ sequence }) => void answers.push(sequence));
      await ended;
      await until(() => host.status().problem !== undefined);
      expect(host.status()).toMatchObject({
        restarts: 1,
        problem: 'the worker of the index was lost: it ended by itself',
      });
      expect(answers).toEqual([0]);
      expect([
        index.blocksOf(ENGINE),
        host.isSynced(ENGINE),
        index.match(keys(1), [ENGINE])[0]?.blocks,
      ]).toEqual([0, false, 0]);
      host.takeBatch(batch(delta(2, [3])));
      await host.settled();
      await until(() => host.status().problem === undefined, 30_000);
      expect(lost).toEqual(['the worker of the index was lost: it ended by itself']);
      host.takeBatch(batch(delta(3, [4])));
      await host.settled();
      expect([host.isSynced(ENGINE), index.blocksOf(ENGINE)]).toEqual([false, 0]);
      host.takeSnapshot(packKvSnapshot(snapshot(3, [1, 2, 3, 4])));
      await host.settled();
      expect([host.isSynced(ENGINE), index.blocksOf(ENGINE)]).toEqual([true, 4]);
    } finally {
      await host.stop();
    }
  }, 60_000);

  it('cannot be reached any more after stop, and answers with nothing', async () => {
    const host = openReplicaHost('on', { clock });
    await host.stop();
    host.takeBatch(batch(delta(1, [1])));
    await host.settled();
    expect([host.index.blocks, host.isSynced(ENGINE)]).toEqual([0, false]);
  });
});
