import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { inferencePoolKind, inferencePoolV1Alpha2Kind, podKind } from '@penstock/contracts';
import fc from 'fast-check';
import { eventually } from '../../test/eventually.js';
import { HandCluster } from '../../test/hand-cluster.js';
import { enginePod, poolV1, poolV1Alpha2 } from '../../test/objects.js';
import { diffPools, endpointsOf, type PoolChange, PoolDirectory, poolOf, poolOfV1Alpha2 } from '../index.js';

let hand: HandCluster;
let directory: PoolDirectory;
let told: PoolChange[][];

beforeEach(() => {
  hand = new HandCluster();
});
afterEach(async () => {
  await directory?.stop();
  expect(hand.watchers.every((watcher) => watcher.stopped)).toBe(true);
});

function open(): void {
  told = [];
  directory = new PoolDirectory(hand.cluster, { debounceMs: 5 });
  directory.onChange((changes) => told.push([...changes]));
}

const engines = (name = 'p') => directory.get('ns', name)?.endpoints.map((e) => e.engineId);

describe('PoolDirectory', () => {
  it('tells what it finds first, and then every change once', async () => {
    hand.put(inferencePoolKind, poolV1('p', { app: 'engine' }));
    hand.put(podKind, enginePod({ name: 'e0' }));
    hand.put(podKind, enginePod({ name: 'e1' }));
    hand.put(podKind, enginePod({ name: 'web', labels: { app: 'web' } }));
    open();
    expect(directory.synced).toBe(false);
    await eventually(() => directory.synced, Boolean);
    expect(engines()).toEqual(['ns/e0', 'ns/e1']);
    expect(told.map((changes) => changes.map((c) => [c.kind, c.endpointsAdded.length]))).toEqual([
      [['added', 2]],
    ]);
    expect(directory.ageMs()).toBe(7);

    // Within one debounce: one change, one removal, one addition.
    hand.put(podKind, enginePod({ name: 'e0', ready: false }));
    hand.remove(podKind, enginePod({ name: 'e1' }));
    hand.put(podKind, enginePod({ name: 'e2' }));
    await eventually(
      () => told.length,
      (n) => n === 2,
    );
    const [change] = told[1] ?? [];
    expect(change?.endpointsChanged.map(({ before, after }) => [before.ready, after.ready])).toEqual([
      [true, false],
    ]);
    expect(change?.endpointsRemoved.map((e) => e.engineId)).toEqual(['ns/e1']);
    expect(change?.endpointsAdded.map((e) => e.engineId)).toEqual(['ns/e2']);

    // Nothing that matters changed: nobody is told.
    hand.put(podKind, enginePod({ name: 'e2', annotations: { seen: 'yes' } }));
    await sleep(30);
    expect(told).toHaveLength(2);
  });

  it('follows the routing policy annotation', async () => {
    const pool = poolV1('p', { app: 'engine' });
    hand.put(inferencePoolKind, pool);
    open();
    await eventually(() => directory.synced, Boolean);
    const annotations = { 'penstock.dev/routing-policy': 'random' };
    hand.put(inferencePoolKind, { ...pool, metadata: { ...pool.metadata, annotations } });
    await eventually(
      () => directory.get('ns', 'p')?.pool.routingPolicy,
      (policy) => policy === 'random',
    );
    expect(told.at(-1)).toEqual([expect.objectContaining({ kind: 'changed', endpointsAdded: [] })]);
  });

  it('does not take a listing that is under way for engines that are gone', async () => {
    hand.syncsAtOnce = false;
    hand.put(inferencePoolKind, poolV1('p', { app: 'engine' }));
    hand.put(podKind, enginePod());
    open();
    hand.sync();
    await eventually(
      () => hand.watchers.length,
      (n) => n === 3,
    );
    expect(directory.synced).toBe(false);
    hand.sync();
    await eventually(() => directory.synced, Boolean);
    expect(engines()).toEqual(['ns/e0']);

    // A new selector: the engines of the old one stay until the new pods are listed.
    hand.put(podKind, enginePod({ name: 'other', labels: { app: 'other' } }));
    hand.put(inferencePoolKind, poolV1('p', { app: 'other' }));
    await eventually(
      () => hand.watchers.length,
      (n) => n === 4,
    );
    await sleep(20);
    expect(engines()).toEqual(['ns/e0']);
    hand.sync();
    await eventually(engines, (ids) => ids?.[0] === 'ns/other');
    expect(hand.watchers.filter((w) => w.kind.plural === 'pods').map((w) => w.stopped)).toEqual([
      true,
      false,
    ]);
  });

  it('shares a watch between pools with one selector, and drops a pool with its engines', async () => {
    hand.put(inferencePoolKind, poolV1('p', { app: 'engine' }));
    hand.put(inferencePoolKind, poolV1('q', { app: 'engine' }, [9000]));
    hand.put(podKind, enginePod());
    open();
    await eventually(() => directory.synced, Boolean);
    expect(hand.watchers.filter((w) => w.kind.plural === 'pods')).toHaveLength(1);
    hand.remove(inferencePoolKind, poolV1('p', { app: 'engine' }));
    await eventually(
      () => told.length,
      (n) => n === 2,
    );
    expect(told[1]?.map((c) => [c.pool.name, c.kind, c.endpointsRemoved.length])).toEqual([
      ['p', 'removed', 1],
    ]);
    expect(engines('q')).toEqual(['ns/e0']);
  });

  it('serves the old version too, prefers the new one, and says what it does not serve', async () => {
    hand.put(inferencePoolV1Alpha2Kind, poolV1Alpha2('nested', { matchLabels: { app: 'engine' } }));
    hand.put(inferencePoolV1Alpha2Kind, poolV1Alpha2('flat', { app: 'engine' }));
    hand.put(inferencePoolV1Alpha2Kind, poolV1Alpha2('both', { app: 'old' }));
    hand.put(inferencePoolV1Alpha2Kind, poolV1Alpha2('bad', {}));
    hand.put(inferencePoolKind, poolV1('both', { app: 'engine' }));
    hand.put(podKind, enginePod());
    open();
    await eventually(() => directory.synced, Boolean);
    expect([engines('nested'), engines('flat'), engines('both')]).toEqual([['ns/e0'], ['ns/e0'], ['ns/e0']]);
    expect(directory.problems().map((p) => p.problem)).toEqual([
      'InferencePool ns/bad is invalid: spec.selector: must name at least one label: an empty selector would take every pod',
      'InferencePool ns/both exists in inference.networking.k8s.io and in inference.networking.x-k8s.io: the first is served',
    ]);
  });
});

describe('PoolDirectory with a listener that throws', () => {
  it('tells the others, warns and goes on', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    hand.put(inferencePoolKind, poolV1('p', { app: 'engine' }));
    directory = new PoolDirectory(hand.cluster, { debounceMs: 5 });
    told = [];
    directory.onChange(() => {
      throw new Error('listener bug');
    });
    directory.onChange((changes) => told.push([...changes]));
    await eventually(
      () => told.length,
      (n) => n === 1,
    );
    expect(String(warn.mock.calls[0]?.[0])).toContain('a listener of the pools failed: Error: listener bug');
    hand.put(podKind, enginePod());
    await eventually(
      () => told.length,
      (n) => n === 2,
    );
    warn.mockRestore();
  });
});

describe('PoolDirectory with a pool that becomes invalid', () => {
  it('serves it as it was and says so', async () => {
    hand.put(inferencePoolKind, poolV1('p', { app: 'engine' }));
    hand.put(podKind, enginePod());
    open();
    await eventually(() => directory.synced, Boolean);
    hand.put(inferencePoolKind, poolV1('p', {}));
    await eventually(
      () => directory.problems().length,
      (n) => n === 1,
    );
    expect(engines()).toEqual(['ns/e0']);
    expect(told).toHaveLength(1);
  });
});

describe('poolOf', () => {
  it('gives both versions one shape', () => {
    const expected = {
      namespace: 'ns',
      name: 'p',
      selector: { app: 'x' },
      targetPorts: [8000],
      appProtocol: 'http',
    };
    expect(poolOf(poolV1('p', { app: 'x' }))).toMatchObject({ pool: expected });
    expect(poolOfV1Alpha2(poolV1Alpha2('p', { app: 'x' }))).toMatchObject({ pool: expected });
  });
});

describe('diffPools', () => {
  it('tells exactly what leads from one state to the other', () => {
    const views = fc
      .array(
        fc.record({
          name: fc.constantFrom('p', 'q'),
          pod: fc.constantFrom('a', 'b', 'c'),
          ready: fc.boolean(),
        }),
        { maxLength: 8 },
      )
      .map((facts) =>
        ['p', 'q'].flatMap((name) => {
          const pods = new Map(facts.filter((f) => f.name === name).map((f) => [f.pod, f]));
          if (pods.size === 0) return [];
          const outcome = poolOf(poolV1(name, { app: 'engine' }));
          if (!('pool' in outcome)) throw new Error('unreachable');
          const all = [...pods.values()].map((f) => enginePod({ name: f.pod, ready: f.ready }));
          return [{ pool: outcome.pool, endpoints: endpointsOf(outcome.pool, all) }];
        }),
      );
    fc.assert(
      fc.property(views, views, (before, after) => {
        const state = new Map(
          before.map((v) => [v.pool.name, new Map(v.endpoints.map((e) => [e.engineId, e]))]),
        );
        for (const change of diffPools(before, after)) {
          const known = state.get(change.pool.name);
          expect(known === undefined).toBe(change.kind === 'added');
          const endpoints = known ?? new Map();
          state.set(change.pool.name, endpoints);
          for (const e of change.endpointsRemoved) expect(endpoints.delete(e.engineId)).toBe(true);
          for (const { before: old, after: now } of change.endpointsChanged) {
            expect(endpoints.get(now.engineId)).toEqual(old);
            endpoints.set(now.engineId, now);
          }
          for (const e of change.endpointsAdded) {
            expect(endpoints.has(e.engineId)).toBe(false);
            endpoints.set(e.engineId, e);
          }
          if (change.kind === 'removed') state.delete(change.pool.name);
        }
        const wanted = new Map(
          after.map((v) => [v.pool.name, new Map(v.endpoints.map((e) => [e.engineId, e]))]),
        );
        expect(state).toEqual(wanted);
        expect(diffPools(after, after)).toEqual([]);
      }),
    );
  });
});
