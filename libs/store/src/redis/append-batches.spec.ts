import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppendBatches, type WaitingDelta } from './append-batches.js';
import { engineKeys } from './redis-keys.js';

const deltaOf = (engine: number, sequence: number, bytes = 100): WaitingDelta => ({
  keys: engineKeys('ns', 'pool', `ns/e${engine}`),
  incarnation: 1,
  sequence,
  engineSequence: sequence,
  cleared: false,
  record: Buffer.alloc(bytes),
});
const answerOf = ({ sequence }: WaitingDelta) => ({ accepted: true, logBytes: sequence, snapshotBytes: 0 });

describe('AppendBatches', () => {
  it('sends every delta once, in the order of its shard, within the limits of a call', async () => {
    const adds = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(1, 1000, 200_000, 600_000)), {
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(adds, async (list) => {
        const calls: Array<readonly WaitingDelta[]> = [];
        const batches = new AppendBatches(async (deltas) => {
          calls.push(deltas);
          return deltas.map(answerOf);
        });
        const deltas = list.map(([engine, bytes], i) => deltaOf(engine, i + 1, bytes));
        const answers = await Promise.all(deltas.map((delta) => batches.add(delta)));
        expect(answers.map(({ logBytes }) => logBytes)).toEqual(deltas.map(({ sequence }) => sequence));
        expect(calls.flat()).toHaveLength(deltas.length);
        for (const call of calls) {
          expect(new Set(call.map(({ keys }) => keys.shard)).size).toBe(1);
          expect(call.length).toBeLessThanOrEqual(64);
          const bytes = call.reduce((sum, { record }) => sum + record.length, 0);
          if (call.length > 1) expect(bytes).toBeLessThanOrEqual(512 * 1024);
        }
        for (const shard of new Set(deltas.map(({ keys }) => keys.shard))) {
          const isHere = ({ keys }: WaitingDelta) => keys.shard === shard;
          expect(calls.flat().filter(isHere)).toEqual(deltas.filter(isHere));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('sends what waits when it is told to, and fails only what was in the call that failed', async () => {
    let calls = 0;
    const batches = new AppendBatches(async (deltas) => {
      calls++;
      if (deltas.some(({ sequence }) => sequence === 13)) throw new Error('refused');
      return deltas.map(answerOf);
    });
    const first = batches.add(deltaOf(0, 1));
    batches.flush();
    expect(calls).toBe(1);
    const [good, bad] = [batches.add(deltaOf(0, 2)), batches.add(deltaOf(1, 13))];
    await expect(bad).rejects.toThrow('refused');
    expect([await first, await good]).toEqual([answerOf(deltaOf(0, 1)), answerOf(deltaOf(0, 2))]);
    expect(calls).toBe(3);
  });
});
