import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkLedger } from './chunk-ledger.js';
import { type Place, S3 } from './place.js';
import { planPromotions } from './plan-promotions.js';

const CPU: Place = { tier: 'cpu', node: 'a' };
const SSD: Place = { tier: 'ssd', node: 'a' };
const OTHER: Place = { tier: 'cpu', node: 'b' };
const NO_LIMIT = { maxChunks: 1000, roomBytes: 1e9 };
const FACTS = { sizeBytes: 10, crc32: 1, lastUsedMs: 0 };
const keysOf = (chunk: number) => BigUint64Array.of(BigInt(2 * chunk), BigInt(2 * chunk + 1));
const prompt = (chunks: number) => BigUint64Array.from({ length: 2 * chunks }, (_, i) => BigInt(i));
const put = (ledger: ChunkLedger, chunk: number, place: Place, scope = 'ns/p') =>
  ledger.put({ path: `c${chunk}`, scope, keys: keysOf(chunk) }, place, FACTS);
const plan = (ledger: ChunkLedger, chunks: number, limits = NO_LIMIT, from = 0) =>
  planPromotions(ledger, 'ns/p', 'a', prompt(chunks).subarray(from), limits).map(({ path }) => path);

describe('planPromotions', () => {
  it('follows the prompt from the first block that is missing to the first that cannot be had', () => {
    const ledger = new ChunkLedger();
    put(ledger, 0, CPU);
    for (const chunk of [1, 2, 3, 5]) put(ledger, chunk, S3);
    put(ledger, 2, SSD);
    put(ledger, 3, OTHER);
    expect(planPromotions(ledger, 'ns/p', 'a', prompt(6), NO_LIMIT)[0]).toEqual({
      path: 'c1',
      from: S3,
      to: CPU,
      removeSource: false,
      bytes: 10,
      reason: 'predicted-hit',
    });
    expect(plan(ledger, 6)).toEqual(['c1', 'c3']);
    expect(plan(ledger, 6, NO_LIMIT, 3)).toEqual(['c1', 'c3']);
    expect(plan(ledger, 6, { maxChunks: 1, roomBytes: 1e9 })).toEqual(['c1']);
    expect(plan(ledger, 6, { maxChunks: 9, roomBytes: 19 })).toEqual(['c1']);
  });

  it('asks once for what is on its way, and not for what is being deleted or is of another pool', () => {
    const ledger = new ChunkLedger();
    for (const chunk of [0, 1, 2]) put(ledger, chunk, S3);
    ledger.beginWrite('c0', CPU, FACTS);
    expect(plan(ledger, 3)).toEqual(['c1', 'c2']);
    ledger.beginDelete('c1', S3);
    expect(plan(ledger, 3)).toEqual([]);
    put(ledger, 7, S3, 'ns/q');
    expect(planPromotions(ledger, 'ns/p', 'a', keysOf(7), NO_LIMIT)).toEqual([]);
    expect(planPromotions(ledger, 'ns/q', 'a', keysOf(7), NO_LIMIT)).toHaveLength(1);
  });

  it('makes a contiguous run, within its limits, without copies of what the node has', () => {
    const places = fc.array(fc.subarray([CPU, SSD, S3, OTHER]), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(places, fc.nat(8), fc.nat(80), (chunks, maxChunks, roomBytes) => {
        const ledger = new ChunkLedger();
        for (const [chunk, where] of chunks.entries()) for (const place of where) put(ledger, chunk, place);
        const wanted: string[] = [];
        for (const [chunk, where] of chunks.entries()) {
          if (where.includes(CPU) || where.includes(SSD)) continue;
          const fits = wanted.length < maxChunks && (wanted.length + 1) * 10 <= roomBytes;
          if (!where.includes(S3) || !fits) break;
          wanted.push(`c${chunk}`);
        }
        expect(plan(ledger, chunks.length, { maxChunks, roomBytes })).toEqual(wanted);
      }),
    );
  });
});
