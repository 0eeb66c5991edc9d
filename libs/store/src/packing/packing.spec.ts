import { describe, expect, it } from '@jest/globals';
import { type EngineBlocks, TIERS } from '@penstock/core/kv';
import type { StoredDelta } from '@penstock/core/ports';
import fc from 'fast-check';
import { packDelta, unpackDelta } from './delta-record.js';
import { foldBlocks } from './fold-blocks.js';
import { packSnapshot, unpackSnapshot } from './snapshot.js';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const someHash = fc.oneof(fc.bigInt({ min: 0n, max: 8n }), u64);
const integer = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const tier = fc.constantFrom(...TIERS);
const pairsOf = fc
  .array(fc.tuple(someHash, u64), { maxLength: 12 })
  .map((pairs) => [...new Map(pairs)])
  .map((pairs) => ({
    engineHashes: BigUint64Array.from(pairs, ([hash]) => hash),
    keys: BigUint64Array.from(pairs, ([, key]) => key),
  }));
const tierBlocks = fc.tuple(tier, pairsOf).map(([name, pairs]) => ({ tier: name, ...pairs }));
const blocks: fc.Arbitrary<EngineBlocks> = fc.uniqueArray(tierBlocks, { selector: (entry) => entry.tier });
const removed = fc.array(
  fc.record({
    tier,
    engineHashes: fc.array(someHash, { maxLength: 6 }).map((list) => BigUint64Array.from(list)),
  }),
  { maxLength: 4 },
);
const delta: fc.Arbitrary<StoredDelta> = fc.record({
  engineId: fc.constant('e'),
  incarnation: integer,
  sequence: integer,
  engineSequence: integer,
  changes: blocks,
  removed,
  cleared: fc.boolean(),
});

/** The plainest thing that could be meant. */
function naiveFold(start: EngineBlocks, deltas: readonly StoredDelta[]): Map<string, bigint> {
  const held = new Map<string, bigint>();
  const put = (list: EngineBlocks) => {
    for (const { tier: name, engineHashes, keys } of list) {
      engineHashes.forEach((hash, i) => {
        held.set(`${name} ${hash}`, keys[i]!);
      });
    }
  };
  put(start);
  for (const step of deltas) {
    if (step.cleared) held.clear();
    for (const { tier: name, engineHashes } of step.removed) {
      for (const hash of engineHashes) held.delete(`${name} ${hash}`);
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
    expect(packSnapshot([{ tier: 'cpu', ...pair }]).toString('hex')).toBe(
      ['65b2853b', '01', '01', '0000', '01', '01000000', '0807060504030201', 'feffffffffffffff'].join(''),
    );
    const record = packDelta({
      engineId: 'e',
      incarnation: 3,
      sequence: 17,
      engineSequence: 2 ** 53 - 1,
      cleared: true,
      changes: [{ tier: 's3', ...pair }],
      removed: [{ tier: 'gpu', engineHashes: BigUint64Array.of(5n) }],
    });
    expect(record.toString('hex')).toBe(
      [
        ['3f0d3518', '01', '02', '0000'],
        ['0300000000000000', '1100000000000000', 'ffffffffffff1f00', '01'],
        ['01', '03', '01000000', '0807060504030201', 'feffffffffffffff'],
        ['02', '00', '01000000', '0500000000000000'],
      ]
        .flat()
        .join(''),
    );
  });

  it('come back as they were', () => {
    fc.assert(fc.property(blocks, (value) => expect(unpackSnapshot(packSnapshot(value))).toEqual(value)));
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
    expect(() => unpackDelta(packSnapshot([]))).toThrow('kind');
  });

  it('refuse what they cannot hold', () => {
    const whole = { engineId: 'e', incarnation: 1, sequence: 1, engineSequence: 1, cleared: false };
    const hashes = BigUint64Array.of(1n);
    const lopsided = { tier: 'gpu' as const, engineHashes: hashes, keys: new BigUint64Array(0) };
    expect(() => packDelta({ ...whole, changes: [lopsided], removed: [] })).toThrow(
      '1 engine hashes for 0 keys',
    );
    expect(() => packSnapshot([lopsided])).toThrow('1 engine hashes for 0 keys');
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
        const entries = folded.flatMap(({ tier: name, engineHashes, keys }) =>
          Array.from(engineHashes, (hash, i) => [`${name} ${hash}`, keys[i]] as const),
        );
        expect(new Map(entries)).toEqual(naiveFold(start, deltas));
        expect(entries).toHaveLength(new Map(entries).size);
        expect(folded.every(({ keys }) => keys.length > 0)).toBe(true);
      }),
    );
  });
});
