import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packU64 } from '@penstock/contracts';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { NatsEventBus } from '../src/index.js';

let server: ManagedServer;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

const COUNT = 1000;

describe('following events of very different sizes', () => {
  it('never stands still, however large the next one is', async () => {
    const bus = NatsEventBus.connect({ servers: [server.url], source: 'test', firstRetryMs: 10 });
    await until(() => bus.status().problem === undefined);
    const seen: number[] = [];
    await bus.follow<{ sequence: number }>({ types: ['kv.snapshot'], from: 'all' }, ({ data }) => {
      seen.push(data.sequence);
    });
    // As in a busy pool: many small deltas, now and then a burst of snapshots larger than what is left of any byte credit.
    for (let sequence = 1; sequence <= COUNT; sequence++) {
      const keys = packU64(
        new BigUint64Array(sequence % 100 < 12 ? 19_000 + sequence : 1200 + (sequence % 7) * 100),
      );
      bus.publish({
        type: 'kv.snapshot',
        namespace: 'ns',
        pool: 'p',
        key: `ns/engine-${sequence % 8}/0`,
        data: { engine: 'ns/e', incarnation: 1, sequence, part: 0, parts: 1, tiers: [{ tier: 'gpu', keys }] },
      });
      if (sequence % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => seen.length === COUNT, 10_000);
    expect(seen).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
    await bus.close();
  }, 60_000);
});
