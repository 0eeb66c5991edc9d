import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BlockExtra, blockExtra, encodeExtraKeys, promptExtras } from './block-extras.js';
import type { ExtraKey } from './engine-events.js';

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

const extra: fc.Arbitrary<BlockExtra> = fc.oneof(
  fc.record({
    type: fc.constant('multimodal' as const),
    identifier: fc.string({ maxLength: 3 }),
    offset: fc.integer({ min: -3, max: 3 }),
  }),
  fc.record({ type: fc.constant('identifier' as const), identifier: fc.string({ maxLength: 3 }) }),
  fc.record({ type: fc.constant('embedding' as const), digest: fc.uint8Array({ maxLength: 3 }) }),
  fc.record({
    type: fc.constant('other' as const),
    value: fc.constantFrom<ExtraKey>(null, true, false, 1, '1', 1.5, [1], [[1]], [], ['a', 'b', 1]),
  }),
);

// Expected bytes come from an independent implementation of the documented format (Python's struct).
describe('encodeExtraKeys', () => {
  it('matches the vectors of the format', () => {
    expect(encodeExtraKeys([])).toBeUndefined();
    expect(hex(encodeExtraKeys([{ type: 'multimodal', identifier: 'img-1', offset: 2 }]))).toBe(
      '010d0000000200000000000000696d672d31',
    );
    const others: BlockExtra[] = [
      { type: 'identifier', identifier: 'img-1' },
      { type: 'other', value: [-7, 1.5, true, null, 's'] },
    ];
    expect(hex(encodeExtraKeys(others))).toBe(
      '0205000000696d672d31082500000004020000002d370508000000000000000000f83f0601000000010700000000020100000073',
    );
  });

  it('gives different lists different bytes', () => {
    const identity = (list: readonly BlockExtra[]) =>
      // A bare string, or bytes, is the same whatever it is called.
      JSON.stringify(list.map((e) => (e.type === 'other' ? blockExtra(e.value) : e)));
    const lists = fc.array(extra, { maxLength: 3 });
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        expect(hex(encodeExtraKeys(a)) === hex(encodeExtraKeys(b))).toBe(identity(a) === identity(b));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('promptExtras', () => {
  it('puts an item into every block that has one of its tokens, with its place in that block', () => {
    const item = (offset: number) => ({ type: 'multimodal', identifier: 'a', offset }) as const;
    const items = [
      { identifier: 'a', offset: 3, length: 5 },
      { identifier: 'a', offset: 9, length: 1 },
    ];
    expect(promptExtras(items, 19, 4)).toEqual([
      encodeExtraKeys([item(3)]),
      encodeExtraKeys([item(-1)]),
      encodeExtraKeys([item(1)]),
      undefined,
    ]);
  });
});

describe('blockExtra', () => {
  it.each<[ExtraKey, BlockExtra['type']]>([
    ['img', 'identifier'],
    [['img', -4], 'multimodal'],
    [['img', 4n], 'multimodal'],
    [Uint8Array.of(1), 'embedding'],
    [['img', 1.5], 'other'],
    [['img'], 'other'],
    [[4, 'img'], 'other'],
    [null, 'other'],
  ])('types %p as %s', (value, type) => expect(blockExtra(value).type).toBe(type));
});
