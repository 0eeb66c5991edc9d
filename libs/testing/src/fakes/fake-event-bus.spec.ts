import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeEventBus } from './describe-event-bus.js';
import { FakeBroker } from './fake-broker.js';
import { FakeEventBus } from './fake-event-bus.js';

describeEventBus({ describe, it, expect, beforeAll, afterAll }, 'FakeEventBus', async () => {
  const broker = new FakeBroker();
  const buses: FakeEventBus[] = [];
  return {
    async connect(source) {
      const bus = new FakeEventBus({ broker, source });
      buses.push(bus);
      return bus;
    },
    deadLetterReasons: async () => broker.deadLetters.map(({ reason }) => reason),
    async close() {
      for (const bus of buses) await bus.close();
    },
  };
});

describe('FakeEventBus', () => {
  const gone = {
    type: 'engine.gone',
    namespace: 'ns',
    pool: 'p',
    key: 'ns/a',
    data: { engine: 'ns/a', pod: 'a', address: '', reason: 'deleted' },
  };

  it('buffers while disconnected and catches up', async () => {
    const bus = new FakeEventBus();
    const seen: string[] = [];
    await bus.follow({ types: ['engine.gone'], from: 'new' }, (event) => void seen.push(event.type));
    bus.disconnect();
    bus.publish(gone);
    expect(bus.status()).toMatchObject({ connected: false, bufferedEvents: 1 });
    await expect(bus.flush()).rejects.toThrow('1 events were not stored');
    bus.reconnect();
    await bus.settle();
    expect(seen).toEqual(['engine.gone']);
    await bus.close();
  });

  it('tells followers that their place was lost', async () => {
    const bus = new FakeEventBus();
    let gaps = 0;
    bus.publish(gone);
    const seen: string[] = [];
    const options = { types: ['engine.gone'], from: 'all', onGap: () => gaps++ } as const;
    await bus.follow(options, (event) => void seen.push(event.key ?? ''));
    await bus.settle();
    bus.broker.wipe();
    await bus.settle();
    bus.publish({ ...gone, key: 'ns/b' });
    await bus.settle();
    expect({ gaps, seen }).toEqual({ gaps: 1, seen: ['ns/a', 'ns/b'] });
    await bus.close();
  });
});
