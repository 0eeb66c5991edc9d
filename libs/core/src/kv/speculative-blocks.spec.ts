import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SpeculativeBlocks } from './speculative-blocks.js';

/** Chained keys of a path of digits: the key of a block is made of all digits to it. */
const keysOf = (path: readonly number[]) => ({
  keys: BigUint64Array.from(path.map((_, i) => BigInt(`0x1${path.slice(0, i + 1).join('')}`))),
});
const common = (a: readonly number[], b: readonly number[]) => {
  const differs = a.findIndex((digit, i) => digit !== b[i]);
  return differs < 0 ? a.length : differs;
};

const path = fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 6 });
const engine = fc.constantFrom('a', 'b');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('note' as const), engine, path }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('look' as const), path }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const), engine }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('arrive' as const), engine, path }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900 }) }),
  },
);

describe('SpeculativeBlocks', () => {
  it('expects of each engine the longest prefix of what was sent there and has neither arrived nor run out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const blocks = new SpeculativeBlocks({ ttlMs: 2000 });
        let model: Array<{ engine: string; path: readonly number[]; untilMs: number }> = [];
        let nowMs = 0;
        for (const action of steps) {
          if (action.type === 'wait') nowMs += action.ms;
          if (action.type === 'note' && action.path.length > 0) {
            blocks.note(action.engine, keysOf(action.path), nowMs);
            model.push({ engine: action.engine, path: action.path, untilMs: nowMs + 2000 });
          }
          if (action.type === 'drop') {
            blocks.dropEngine(action.engine);
            model = model.filter(({ engine }) => engine !== action.engine);
          }
          if (action.type === 'arrive' && action.path.length > 0) {
            const last = keysOf(action.path).keys.at(-1);
            nowMs += 200;
            blocks.confirm((id, { keys }) => id === action.engine && keys[0] === last, nowMs);
            model = model.filter(
              ({ engine, path }) => engine !== action.engine || path.join('') !== action.path.join(''),
            );
          }
          if (action.type !== 'look') continue;
          const expected = blocks.expected(keysOf(action.path), nowMs);
          for (const id of ['a', 'b']) {
            const live = model.filter(({ engine, untilMs }) => engine === id && untilMs > nowMs);
            const most = Math.max(0, ...live.map(({ path }) => common(path, action.path)));
            const said = expected?.get(id) ?? 0;
            // A prompt that another one contains is not kept beside it; when that one arrives, both are settled.
            expect(said).toBeLessThanOrEqual(most);
            const isSettled = steps.some(({ type }) => type === 'arrive');
            if (!isSettled) expect(said).toBe(most);
          }
        }
        blocks.expected(keysOf([1]), nowMs + 3000);
        expect([blocks.prompts, blocks.blocks]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps no more than it may, the newest', () => {
    const few = new SpeculativeBlocks({ ttlMs: 2000, maxPrompts: 2 });
    for (const digit of [1, 2, 3]) few.note('a', keysOf([digit, 1]), digit);
    expect([1, 2, 3].map((digit) => few.expected(keysOf([digit, 1]), 3)?.get('a'))).toEqual([
      undefined,
      2,
      2,
    ]);
    const short = new SpeculativeBlocks({ ttlMs: 2000, maxBlocks: 3 });
    short.note('a', keysOf([1, 1, 1, 1]), 0);
    short.note('a', keysOf([2, 1]), 0);
    short.note('a', keysOf([3, 1]), 0);
    expect([short.prompts, short.blocks]).toEqual([1, 2]);
  });

  it('looks at a few prompts at a time, at each in turn', () => {
    const blocks = new SpeculativeBlocks({ ttlMs: 2000 });
    for (let i = 0; i < 150; i++) blocks.note('a', { keys: BigUint64Array.of(BigInt(i + 1)) }, 0);
    const looked: number[] = [];
    const look = (nowMs: number) => {
      const before = looked.length;
      blocks.confirm((_, { keys }) => {
        looked.push(Number(keys[0]));
        return keys[0] === 100n;
      }, nowMs);
      return looked.length - before;
    };
    expect([look(0), look(5), look(10), look(20)]).toEqual([64, 0, 64, 64]);
    expect(new Set(looked).size).toBe(150);
    expect(blocks.prompts).toBe(149);
  });

  it('does nothing when it is off', () => {
    const off = new SpeculativeBlocks({ ttlMs: 0 });
    off.note('a', keysOf([1]), 0);
    expect(off.expected(keysOf([1]), 0)).toBeUndefined();
  });
});
