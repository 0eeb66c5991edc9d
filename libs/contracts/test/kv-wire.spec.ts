import { describe, expect, it } from '@jest/globals';
import {
  EVENTS,
  type EventData,
  KV_BATCH_BYTES,
  packKvDeltas,
  packKvSnapshot,
  unpackKvDelta,
  unpackKvDeltas,
  unpackKvSnapshot,
} from '@penstock/contracts';
import fc from 'fast-check';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const tier = fc.constantFrom('gpu' as const, 'cpu' as const, 'ssd' as const, 's3' as const);
const window = fc.constantFrom({}, { window: true });
const windowBlocks = fc.oneof(
  fc.constant({}),
  fc.record({ windowBlocks: fc.integer({ min: 0, max: 4096 }) }),
);
/** Keys, and now and then as many checks under the name. */
const listed = <K extends string, C extends string>(keysName: K, checksName: C) =>
  fc.tuple(fc.array(fc.tuple(u64, u32), { maxLength: 9 }), fc.boolean()).map(([pairs, withChecks]) => ({
    [keysName]: BigUint64Array.from(pairs.map(([key]) => key)),
    ...(withChecks ? { [checksName]: Uint32Array.from(pairs.map(([, check]) => check)) } : {}),
  })) as fc.Arbitrary<Record<K, BigUint64Array> & Partial<Record<C, Uint32Array>>>;
const position = fc.record({
  engineId: fc.string({ minLength: 1, maxLength: 30 }),
  incarnation: fc.nat(),
  sequence: fc.nat(),
});
const change = fc
  .tuple(tier, window, listed('stored', 'storedChecks'), fc.array(u64, { maxLength: 9 }))
  .map(([tier, window, stored, removed]) => ({
    ...{ tier, ...window, ...stored },
    removed: BigUint64Array.from(removed),
  }));
const delta = fc
  .tuple(position, fc.boolean(), windowBlocks, fc.array(change, { maxLength: 8 }))
  .map(([position, cleared, windowBlocks, changes]) => ({ ...position, cleared, ...windowBlocks, changes }));
const tiers = fc.array(
  fc
    .tuple(tier, window, listed('keys', 'checks'))
    .map(([tier, window, keys]) => ({ tier, ...window, ...keys })),
  { maxLength: 8 },
);

const parse = (data: unknown): EventData<'kv.delta'> =>
  EVENTS['kv.delta'].schema.parse(JSON.parse(JSON.stringify(data)));

describe('kv.delta', () => {
  it('brings every delta over in order, in events that fit their schema and their size', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.array(delta, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4000 }),
        (ingester, deltas, maxBytes) => {
          const batches = packKvDeltas(ingester, deltas, maxBytes);
          expect(batches.flatMap((batch) => [...unpackKvDeltas(parse(batch))])).toEqual(deltas);
          for (const batch of batches) {
            expect(batch.ingester).toBe(ingester);
            const bytes = Buffer.byteLength(JSON.stringify(batch));
            if (batch.deltas.length > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('uses as few events as it may', () => {
    const stored = new BigUint64Array(1000);
    const changes = [{ tier: 'gpu' as const, removed: new BigUint64Array(0), stored }];
    const many = Array.from({ length: 100 }, (_, i) => ({
      ...{ engineId: `ns/engine-${i}`, incarnation: 1, sequence: 1, cleared: false, changes },
    }));
    const batches = packKvDeltas('kv-index/0', many);
    const bytes = batches.map((batch) => Buffer.byteLength(JSON.stringify(batch)));
    expect(batches).toHaveLength(Math.ceil(bytes.reduce((sum, each) => sum + each) / KV_BATCH_BYTES));
  });

  it('leaves a layout alone that it does not know, and says so', () => {
    const [batch] = packKvDeltas('i', [
      { engineId: 'ns/e', incarnation: 1, sequence: 1, cleared: true, changes: [] },
    ]) as [EventData<'kv.delta'>];
    for (const wire of [2, '1', undefined]) {
      const other = { ...batch, wire: wire as 1, deltas: undefined as never };
      expect(EVENTS['kv.delta'].schema.safeParse(other).success).toBe(false);
      expect(() => [...unpackKvDeltas(other)]).toThrow(/wire .* reads 1: update the reader/);
    }
  });

  it('names lists that do not fit', () => {
    const packed = (stored: string, storedChecks?: string) => ({
      ...{ engine: 'ns/e', incarnation: 1, sequence: 1, cleared: false },
      changes: [{ tier: 'gpu' as const, removed: '', stored, storedChecks }],
    });
    expect(() => unpackKvDelta(packed('AAAA'))).toThrow('3 bytes, which is not a multiple of 8');
    expect(() => unpackKvDelta(packed('AAAAAAAAAAA=', 'AAAA'))).toThrow(
      '3 bytes, which is not a multiple of 4',
    );
    expect(() => unpackKvDelta(packed('AAAAAAAAAAA=', ''))).toThrow('1 keys have 0 checks');
    expect(() => unpackKvDelta(packed('A=AA'))).toThrow('not a multiple of 8');
  });

  it('takes no empty batch, and keeps fields that it does not know', () => {
    const one = { engine: 'ns/e', incarnation: 1, sequence: 1, cleared: false, changes: [], later: 1 };
    expect(parse({ wire: 1, ingester: 'i', deltas: [one] }).deltas[0]).toHaveProperty('later', 1);
    expect(() => parse({ wire: 1, ingester: 'i', deltas: [] })).toThrow();
  });
});

describe('kv.snapshot', () => {
  it('comes over as it was', () => {
    fc.assert(
      fc.property(position, windowBlocks, tiers, (position, windowBlocks, tiers) => {
        const snapshot = { ...position, part: 0, parts: 1, ...windowBlocks, tiers };
        const wire = JSON.parse(JSON.stringify(packKvSnapshot(snapshot)));
        expect(unpackKvSnapshot(EVENTS['kv.snapshot'].schema.parse(wire))).toEqual(snapshot);
      }),
    );
  });
});
