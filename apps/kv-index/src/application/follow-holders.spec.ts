import { expect, it } from '@jest/globals';
import type { ReplicaHost } from '@penstock/platform';
import { FakeBroker, FakeClock, FakeEventBus } from '@penstock/testing';
import { HolderFollower } from './follow-holders.js';
import { RemoteEngines } from './remote-engines.js';

it('forgets engines that were only announced once nobody has them any more', async () => {
  const broker = new FakeBroker();
  const [bus, other] = ['one', 'two'].map(
    (name) => new FakeEventBus({ broker, source: `kv-index/${name}` }),
  ) as [FakeEventBus, FakeEventBus];
  const clock = new FakeClock(1_000);
  const remote = new RemoteEngines(() => undefined);
  const known = new Set(['ns/stays']);
  const host = { engineGone: () => undefined, forgetSilentStorage: () => undefined, sync: () => undefined };
  const holders = new HolderFollower({
    ...{ bus, clock, remote, host: host as unknown as ReplicaHost, ingester: 'kv-index/one' },
    ownEngines: () => new Set(),
    isKnown: (engineId) => known.has(engineId),
    isAlive: () => true,
    onForeignLife: () => undefined,
  });
  await holders.start();
  for (const pod of ['stays', 'leaves']) {
    const data = { engine: `ns/${pod}`, pod, address: '10.0.0.1:1', model: 'm', blockSize: 16 };
    other.publish({
      ...{ type: 'engine.registered', namespace: 'ns', pool: 'p', key: `ns/${pod}` },
      data: { ...data, incarnation: 0, kvEvents: false },
    });
  }
  await other.settle();
  await bus.settle();
  expect(remote.get('ns/leaves')).toMatchObject({ model: 'm', publishesEvents: false });
  holders.forgetSilent();
  clock.advance(6_000);
  holders.forgetSilent();
  expect(remote.get('ns/leaves')).toBeUndefined();
  expect(remote.get('ns/stays')).toBeDefined();
  await holders.stop();
});
