import { expect, it } from '@jest/globals';
import type { ReplicaHost } from '@penstock/platform';
import { FakeBroker, FakeClock, FakeEventBus } from '@penstock/testing';
import { HolderFollower } from './follow-holders.js';
import { RemoteEngines } from './remote-engines.js';

function lab() {
  const broker = new FakeBroker();
  const [bus, other] = ['one', 'two'].map(
    (name) => new FakeEventBus({ broker, source: `kv-index/${name}` }),
  ) as [FakeEventBus, FakeEventBus];
  const clock = new FakeClock(1_000);
  const remote = new RemoteEngines(() => undefined);
  const lost: Array<ReadonlySet<string> | undefined> = [];
  const host = {
    engineGone: () => undefined,
    forgetSilentStorage: () => undefined,
    sync: () => undefined,
    lostTrack: (except?: ReadonlySet<string>) => void lost.push(except),
  };
  const holders = new HolderFollower({
    ...{ bus, clock, remote, host: host as unknown as ReplicaHost, ingester: 'kv-index/one' },
    ownEngines: () => new Set(['ns/own']),
    isKnown: (engineId) => engineId === 'ns/stays',
    isAlive: () => true,
    onForeignLife: () => undefined,
  });
  const told = async () => {
    await other.settle();
    await bus.settle();
  };
  return { other, clock, remote, lost, holders, told };
}

it('gives up what others say when it cannot be read, and nothing of its own', async () => {
  const { other, lost, holders, told } = lab();
  await holders.start();
  const place = { namespace: 'ns', pool: 'p' };
  // Written by a replica of a version to come.
  const data = { wire: 2, ingester: 'kv-index/two', deltas: 'in another layout' };
  other.publish({ type: 'kv.delta', ...place, key: 'kv-index/two', data });
  other.publish({ type: 'engine.registered', ...place, key: 'ns/a', data: { engine: 7 } });
  await told();
  expect(lost).toEqual([new Set(['ns/own'])]);
  expect(holders.unread).toBe(1);
  await holders.stop();
});

it('forgets engines that were only announced once nobody has them any more', async () => {
  const { other, clock, remote, holders, told } = lab();
  await holders.start();
  for (const pod of ['stays', 'leaves']) {
    const data = { engine: `ns/${pod}`, pod, address: '10.0.0.1:1', model: 'm', blockSize: 16 };
    other.publish({
      ...{ type: 'engine.registered', namespace: 'ns', pool: 'p', key: `ns/${pod}` },
      data: { ...data, incarnation: 0, kvEvents: false },
    });
  }
  await told();
  expect(remote.get('ns/leaves')).toMatchObject({ model: 'm', publishesEvents: false });
  holders.forgetSilent();
  clock.advance(6_000);
  holders.forgetSilent();
  expect(remote.get('ns/leaves')).toBeUndefined();
  expect(remote.get('ns/stays')).toBeDefined();
  await holders.stop();
});
