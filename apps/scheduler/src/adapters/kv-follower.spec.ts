import { describe, expect, it } from '@jest/globals';
import { kvBatchId, packKvDeltas } from '@penstock/contracts';
import type { KvDelta } from '@penstock/core/kv';
import { openReplicaHost } from '@penstock/platform';
import { FakeClock, FakeEventBus, until } from '@penstock/testing';
import { KvFollower } from './kv-follower.js';

const delta = (engineId: string, sequence: number, cleared: boolean): KvDelta => ({
  engineId,
  incarnation: 1,
  sequence,
  cleared,
  changes: [{ tier: 'gpu', stored: BigUint64Array.of(7n), removed: new BigUint64Array(0) }],
});

describe('KvFollower', () => {
  it('tells of engines that dropped everything, began a new life or left, and of no others', async () => {
    const bus = new FakeEventBus();
    const cleared: string[] = [];
    const host = openReplicaHost('off', { clock: new FakeClock(0) });
    const follower = new KvFollower({ bus, host, onCleared: (engineId) => cleared.push(engineId) });
    await follower.start();
    const publish = (...deltas: KvDelta[]) => {
      for (const data of packKvDeltas('kv-index/a', deltas)) {
        const position = { namespace: 'ns', pool: 'p', key: 'kv-index/a', id: kvBatchId(data) };
        bus.publish({ type: 'kv.delta', ...position, data });
      }
    };
    publish(delta('ns/a', 1, true), delta('ns/b', 1, true));
    publish(delta('ns/a', 2, false), delta('ns/b', 2, true));
    bus.publish({
      type: 'engine.gone',
      ...{ namespace: 'ns', pool: 'p', key: 'ns/a' },
      data: { engine: 'ns/a', pod: 'a', address: '127.0.0.1:8000', incarnation: 1, reason: 'deleted' },
    });
    await until(() => cleared.length >= 4);
    expect(cleared.toSorted()).toEqual(['ns/a', 'ns/a', 'ns/b', 'ns/b']);
    expect(follower.follows('ns/b')).toBe(true);
    expect(follower.follows('ns/a')).toBe(false);
    // Of a version to come: nobody can say whose blocks it changed.
    const data = { wire: 2, ingester: 'kv-index/a', deltas: 'in another layout' };
    bus.publish({ type: 'kv.delta', namespace: 'ns', pool: 'p', key: 'kv-index/a', data });
    await until(() => !follower.follows('ns/b'));
    await follower.stop();
  });
});
