import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { PrefixIndex, PrefixIndexReader, type SharedIndexHandle } from '../../src/kv/index.js';

const HAMMER_MS = 2000;
/** Phases of a set of blocks; its word in `phases` has the round in front. */
const [ABSENT, PRESENT] = [0, 2];

function startWriter(workerData: unknown): Worker {
  const loader = new URL('../../../../.config/source-loader.mjs', import.meta.url).href;
  const execArgv = ['--experimental-transform-types', '--no-warnings', '--import', loader];
  return new Worker(new URL('./writing-thread.mjs', import.meta.url), { workerData, execArgv });
}

describe('PrefixIndexReader', () => {
  it('sees what another thread writes: never a block that is gone, always one that is there', async () => {
    // One set on few engines, one on so many that its blocks are dense.
    const sets = [3, 12].map((engines, s) => ({
      engines: Array.from({ length: engines }, (_, e) => `ns/set-${s}-${e}`),
      keys: BigUint64Array.from({ length: 400 }, (_, i) => BigInt(1 + s * 1000 + i) * 0x9e3779b97f4a7c15n),
    }));
    const phases = new Int32Array(new SharedArrayBuffer(sets.length * 4));
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const writer = startWriter({ sets, phases, stop });
    try {
      const [handle] = (await once(writer, 'message')) as [SharedIndexHandle];
      const reader = new PrefixIndexReader(handle, { lockTimeoutMs: 20_000 });
      const seen = { absent: 0, present: 0, between: 0 };
      const enough = () => seen.absent > 20 && seen.present > 20 && seen.between > 20;
      const endMs = Date.now() + HAMMER_MS;
      while (Date.now() < endMs || (!enough() && Date.now() < endMs + 20_000)) {
        for (const [s, { engines, keys }] of sets.entries()) {
          const before = Atomics.load(phases, s);
          const counts = reader.match(keys, engines).map(({ blocks }) => blocks);
          const phase = before === Atomics.load(phases, s) ? before % 4 : undefined;
          if (phase === ABSENT) {
            expect(counts).toEqual(engines.map(() => 0));
            seen.absent++;
          } else if (phase === PRESENT) {
            expect(counts).toEqual(engines.map(() => keys.length));
            seen.present++;
          } else seen.between++;
        }
      }
      Atomics.store(stop, 0, 1);
      const [{ rounds, holders }] = await once(writer, 'message');
      expect(enough()).toBe(true);
      expect([reader.timeouts, reader.holders]).toEqual([0, holders]);
      expect(rounds).toBeGreaterThan(10);
    } finally {
      await writer.terminate();
    }
  }, 60_000);

  it('answers that nothing is held when the writing thread died in the middle, and says so', () => {
    const index = new PrefixIndex({ shared: true });
    const keys = BigUint64Array.of(1n, 2n);
    index.store('ns/a', 'gpu', keys);
    const handle = index.handle();
    const reader = new PrefixIndexReader(handle, { lockTimeoutMs: 20 });
    expect(reader.match(keys, ['ns/a'])).toEqual([{ engineId: 'ns/a', blocks: 2, byTier: [2, 0, 0, 0] }]);
    const lock = new Int32Array(handle.columns.control as SharedArrayBuffer);
    Atomics.store(lock, 0, 1);
    expect(reader.match(keys, ['ns/a'])[0]?.blocks).toBe(0);
    expect(reader.matchTiered(keys, [{ engineId: 'ns/a', holders: [] }])[0]?.blocks).toBe(0);
    expect([...reader.engines(), ...reader.followed(), ...reader.holdersOf(1n)]).toEqual([]);
    expect([reader.sync('ns/a'), reader.keysOf('ns/a', 'gpu').length]).toEqual([undefined, 0]);
    expect(reader.timeouts).toBe(7);
    Atomics.store(lock, 0, 0);
    expect(reader.blocksOf('ns/a')).toBe(2);
  });
});
