import fc from 'fast-check';
import { type PrefixIndex, TIERS } from '../../src/kv/index.js';
import { factBit, type IndexOracle } from './index-oracle.js';

/** Blocks are numbered from 1; their keys share halves so that buckets collide. */
export const BLOCKS = 24;
export const PROMPT = Array.from({ length: BLOCKS }, (_, i) => i + 1);

export function keyOf(block: number): bigint {
  return BigInt(block) * 0x1_0000_0001n;
}

export function keysOf(blocks: Iterable<number>): BigUint64Array {
  return BigUint64Array.from([...blocks].map(keyOf));
}

const run = fc
  .tuple(fc.integer({ min: 1, max: BLOCKS }), fc.integer({ min: 1, max: 12 }))
  .map(([from, length]) => PROMPT.slice(from - 1, from - 1 + length));

/** Mutations of an index by any of `engines`, mostly over runs of blocks, as engines store them. */
export function operations(engines: readonly string[], maxLength: number) {
  const engine = fc.constantFrom(...engines);
  const tier = fc.constantFrom('gpu' as const, ...TIERS);
  const window = fc.boolean();
  const change = { engine, tier, window, run };
  return fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ type: fc.constant('store' as const), ...change, checked: fc.nat(2) }),
      },
      { weight: 4, arbitrary: fc.record({ type: fc.constant('remove' as const), ...change }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const), engine }) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.constant('window' as const), engine, blocks: fc.nat(4) }),
      },
    ),
    { maxLength },
  );
}

export type Operation =
  ReturnType<typeof operations> extends fc.Arbitrary<infer O>
    ? O extends readonly (infer T)[]
      ? T
      : never
    : never;

/** Check bits that say nothing, or one of two contents of a block. */
export function checkOf(block: number, checked: number): number {
  return checked === 0 ? 0 : block * 2 + (checked - 1) + 1;
}

export function apply(index: PrefixIndex, oracle: IndexOracle, op: Operation): void {
  if (op.type === 'clear') {
    index.clear(op.engine);
    oracle.clear(op.engine);
  } else if (op.type === 'window') {
    index.setWindowBlocks(op.engine, op.blocks);
    oracle.setWindow(op.engine, op.blocks);
  } else if (op.type === 'remove') {
    index.remove(op.engine, op.tier, keysOf(op.run), op);
    for (const block of op.run) oracle.remove(op.engine, factBit(op.tier, op.window), block);
  } else {
    const checks = Uint32Array.from(op.run, (block) => checkOf(block, op.checked));
    index.store(op.engine, op.tier, { keys: keysOf(op.run), checks }, op);
    for (const [i, block] of op.run.entries())
      oracle.store(op.engine, factBit(op.tier, op.window), block, checks[i]);
  }
}
