import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { S3 } from '../tiering/index.js';
import { StorageView } from './storage-view.js';

const PLACES = [
  { tier: 'cpu', node: '0' },
  { tier: 'ssd', node: '0' },
  { tier: 'cpu', node: '1' },
  S3,
] as const;
const CHUNKS = 5;
const PER_CHUNK = 3;
const prompt = Int32Array.from({ length: CHUNKS * PER_CHUNK + 2 }, (_, i) => i);
const lastOf = (chunk: number) => BigInt((chunk + 1) * PER_CHUNK - 1);

describe('StorageView', () => {
  it('equals the announcements old enough, walked chunk by chunk behind the GPU prefix', () => {
    const change = fc.record({ place: fc.nat(3), chunk: fc.nat(CHUNKS - 1), stored: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 80 }),
        fc.nat(prompt.length),
        fc.nat(100),
        (changes, gpuBlocks, nowMs) => {
          const view = new StorageView(2, prompt.length, 10, PER_CHUNK);
          const held = new Set<string>();
          changes.forEach(({ place, chunk, stored }, atMs) => {
            const keys = BigUint64Array.of(lastOf(chunk));
            const none = new BigUint64Array();
            view.publish(
              [
                {
                  scope: 's',
                  place: PLACES[place]!,
                  stored: stored ? keys : none,
                  removed: stored ? none : keys,
                },
              ],
              atMs,
            );
            if (atMs + 10 > nowMs) return;
            if (stored) held.add(`${place}/${chunk}`);
            else held.delete(`${place}/${chunk}`);
          });
          view.advance(nowMs);
          for (const node of [0, 1]) {
            const expected = [gpuBlocks, 0, 0, 0];
            for (let at = gpuBlocks; at < CHUNKS * PER_CHUNK; at++) {
              const chunk = Math.floor(at / PER_CHUNK);
              const tier = (node === 0 ? [0, 1, 3] : [2, undefined, 3]).findIndex((p) =>
                held.has(`${p}/${chunk}`),
              );
              if (tier < 0) break;
              expected[tier + 1]!++;
            }
            expect(view.match(prompt, gpuBlocks, node)).toEqual(expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says how many nodes it can follow', () => {
    expect(() => new StorageView(16, 1, 0, 1)).toThrow(/at most 15 nodes, not 16/);
    const view = new StorageView(15, 1, 0, 1);
    const place = { tier: 'ssd', node: '14' } as const;
    view.publish([{ scope: 's', place, stored: BigUint64Array.of(0n), removed: new BigUint64Array() }], 0);
    view.advance(0);
    expect(view.match(Int32Array.of(0), 0, 14)).toEqual([0, 0, 1, 0]);
    expect(view.match(Int32Array.of(0), 0, 13)).toEqual([0, 0, 0, 0]);
  });
});
