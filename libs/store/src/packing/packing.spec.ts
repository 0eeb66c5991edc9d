import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type EngineBlocks, TIERS, type TierBlocks } from '@penstock/core/kv';
import type { StoredDelta } from '@penstock/core/ports';
import fc from 'fast-check';
import { packDelta, unpackDelta } from './delta-record.js';
import { foldBlocks } from './fold-blocks.js';
import { packSnapshot, unpackSnapshot } from './snapshot.js';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
/** Many that meet, some of them only in one half. */
const someHash = fc.oneof(
  fc.bigInt({ min: 0n, max: 8n }),
  fc.bigInt({ min: 0n, max: 4n }).map((n) => n << 32n),
  u64,
);
const integer = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const tier = fc.constantFrom(...TIERS);
const pairsOf = fc
  .array(fc.tuple(someHash, u64), { maxLength: 12 })
  .map((pairs) => [...new Map(pairs)])
  .map((pairs) => ({
    engineHashes: BigUint64Array.from(pairs, ([hash]) => hash),
    keys: BigUint64Array.from(pairs, ([, key]) => key),
  }));
const place = fc
  .tuple(tier, fc.boolean())
  .map(([name, window]) => (window ? { tier: name, window } : { tier: name }));
const checksOf = (n: number) =>
  fc
    .array(fc.nat({ max: 0xffff_ffff }), { minLength: n, maxLength: n })
    .map((list) => Uint32Array.from(list));
const tierBlocks: fc.Arbitrary<TierBlocks> = fc.tuple(place, pairsOf).chain(([where, pairs]) =>
  fc.oneof(
    fc.constant({ ...where, ...pairs }),
    checksOf(pairs.keys.length).map((checks) => ({ ...where, ...pairs, checks })),
  ),
);
const blocks: fc.Arbitrary<EngineBlocks> = fc.uniqueArray(tierBlocks, { selector: nameOf });
const removed = fc.array(
  fc
    .tuple(place, fc.array(someHash, { maxLength: 6 }))
    .map(([where, list]) => ({ ...where, engineHashes: BigUint64Array.from(list) })),
  { maxLength: 4 },
);
const delta: fc.Arbitrary<StoredDelta> = fc.record({
  engineId: fc.constant('e'),
  incarnation: integer,
  sequence: integer,
  engineSequence: integer,
  windowBlocks: fc.nat({ max: 0xffff_ffff }),
  changes: blocks,
  removed,
  cleared: fc.boolean(),
});

function nameOf({ tier: name, window }: { readonly tier: string; readonly window?: boolean }): string {
  return `${name} ${window ?? false}`;
}

/** The plainest thing that could be meant. */
function naiveFold(start: EngineBlocks, deltas: readonly StoredDelta[]): Map<string, string> {
  const held = new Map<string, string>();
  const put = (list: EngineBlocks) => {
    for (const { engineHashes, keys, checks, ...where } of list) {
      engineHashes.forEach((hash, i) => {
        held.set(`${nameOf(where)} ${hash}`, `${keys[i]} ${checks?.[i] ?? 0}`);
      });
    }
  };
  put(start);
  for (const step of deltas) {
    if (step.cleared) held.clear();
    for (const { engineHashes, ...where } of step.removed) {
      for (const hash of engineHashes) held.delete(`${nameOf(where)} ${hash}`);
    }
    put(step.changes);
  }
  return held;
}

describe('packed layouts', () => {
  it('have these bytes', () => {
    const pair = {
      engineHashes: BigUint64Array.of(0x0102030405060708n),
      keys: BigUint64Array.of(0xfffffffffffffffen),
    };
    const checks = Uint32Array.of(0x0a0b0c0d);
    const snapshot = packSnapshot({
      windowBlocks: 258,
      blocks: [
        { tier: 'cpu', ...pair },
        { tier: 'gpu', window: true, ...pair, checks },
      ],
    });
    expect(snapshot.toString('hex')).toBe(
      [
        ['4af01aa6', '02', '01', '0000', '02010000'],
        ['01', '01000000', '0807060504030201', 'feffffffffffffff'],
        ['c0', '01000000', '0807060504030201', 'feffffffffffffff', '0d0c0b0a'],
      ]
        .flat()
        .join(''),
    );
    const record = packDelta({
      incarnation: 3,
      sequence: 17,
      engineSequence: 2 ** 53 - 1,
      windowBlocks: 9,
      cleared: true,
      changes: [{ tier: 's3', ...pair, checks }],
      removed: [{ tier: 'gpu', window: true, engineHashes: BigUint64Array.of(5n) }],
    });
    expect(record.toString('hex')).toBe(
      [
        ['2e5e1555', '02', '02', '0000'],
        ['0300000000000000', '1100000000000000', 'ffffffffffff1f00', '09000000', '01'],
        ['01', '43', '01000000', '0807060504030201', 'feffffffffffffff', '0d0c0b0a'],
        ['02', '80', '01000000', '0500000000000000'],
      ]
        .flat()
        .join(''),
    );
  });

  it('of an older version are not read', () => {
    const snapshot = packSnapshot({ windowBlocks: 0, blocks: [] });
    snapshot.writeUInt8(1, 4);
    snapshot.writeUInt32LE(crc32(snapshot.subarray(4)), 0);
    expect(() => unpackSnapshot(snapshot)).toThrow('layout version 1, kind 1 where 2, 1 is expected');
  });

  it('come back as they were', () => {
    const snapshot = fc.record({ windowBlocks: fc.nat(), blocks });
    fc.assert(fc.property(snapshot, (value) => expect(unpackSnapshot(packSnapshot(value))).toEqual(value)));
    fc.assert(
      fc.property(delta, (value) => {
        const { engineId: _engineId, ...rest } = value;
        expect(unpackDelta(packDelta(value))).toEqual(rest);
      }),
    );
  });

  it('notice every changed bit and every cut', () => {
    fc.assert(
      fc.property(delta, fc.nat(), fc.nat({ max: 7 }), (value, position, bit) => {
        const record = packDelta(value);
        const place = position % record.length;
        const changed = Buffer.from(record);
        changed[place] = changed[place]! ^ (1 << bit);
        expect(() => unpackDelta(changed)).toThrow('mismatch');
        expect(() => unpackDelta(record.subarray(0, place))).toThrow();
      }),
    );
    expect(() => unpackDelta(packSnapshot({ windowBlocks: 0, blocks: [] }))).toThrow('kind');
  });

  it('refuse what they cannot hold', () => {
    const whole = { incarnation: 1, sequence: 1, engineSequence: 1, cleared: false };
    const hashes = BigUint64Array.of(1n);
    const lopsided = { tier: 'gpu' as const, engineHashes: hashes, keys: new BigUint64Array(0) };
    expect(() => packDelta({ ...whole, changes: [lopsided], removed: [] })).toThrow(
      '1 engine hashes for 0 keys',
    );
    expect(() => packSnapshot({ windowBlocks: 0, blocks: [lopsided] })).toThrow('1 engine hashes for 0 keys');
    const few = { tier: 'gpu' as const, engineHashes: hashes, keys: hashes, checks: new Uint32Array(2) };
    expect(() => packDelta({ ...whole, changes: [few], removed: [] })).toThrow('2 check bits for 1 keys');
    const unknown = [{ tier: 'tape', engineHashes: hashes }];
    expect(() => packDelta({ ...whole, changes: [], removed: unknown })).toThrow(
      'tier "tape" is not one of gpu',
    );
    expect(() => packDelta({ ...whole, sequence: 2 ** 53, changes: [], removed: [] })).toThrow(
      'not an integer',
    );
  });
});

describe('foldBlocks', () => {
  it('applies cleared, removed, stored in this order', () => {
    fc.assert(
      fc.property(blocks, fc.array(delta, { maxLength: 6 }), (start, deltas) => {
        const folded = foldBlocks(start, deltas);
        const entries = folded.flatMap(({ engineHashes, keys, checks, ...where }) =>
          Array.from(
            engineHashes,
            (hash, i) => [`${nameOf(where)} ${hash}`, `${keys[i]} ${checks?.[i] ?? 0}`] as const,
          ),
        );
        expect(new Map(entries)).toEqual(naiveFold(start, deltas));
        expect(entries).toHaveLength(new Map(entries).size);
        expect(folded.every(({ keys }) => keys.length > 0)).toBe(true);
      }),
    );
  });
});
