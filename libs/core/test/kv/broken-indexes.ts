import type { BlockRows } from '../../src/kv/arena/block-rows.js';
import type { DenseRows } from '../../src/kv/arena/dense-rows.js';
import type { EngineSlots } from '../../src/kv/arena/engine-slots.js';
import { holderBits, holderSlots } from '../../src/kv/arena/holder-bits.js';
import type { HolderSets } from '../../src/kv/arena/holder-sets.js';
import { DENSE_FLAG, ROW_MORE, ROW_SHIFT } from '../../src/kv/arena/layout.js';
import { PrefixIndex, type PrefixIndexOptions } from '../../src/kv/index.js';

/** The parts of an index that a fault is put into. */
interface Parts {
  readonly columns: ConstructorParameters<typeof BlockRows>[0];
  readonly blockRows: BlockRows;
  readonly holderSets: {
    set: HolderSets['set'];
    unset: HolderSets['unset'];
    unsetDense(row: number, dense: number, slot: number, bits: number): void;
    forgetUnheld(row: number): void;
  };
  readonly slots: EngineSlots;
  readonly dense: DenseRows;
}

/** Deliberately broken indexes: a test of the index that does not notice each of them proves little. */
export const BROKEN: Readonly<Record<string, (parts: Parts, index: PrefixIndex) => void>> = {
  'does not fence': (_, index) => {
    index.clear = () => undefined;
  },
  'forgets the last removal of a batch': (_, index) => {
    const remove = index.remove.bind(index);
    index.remove = (engineId, tier, keys, kind) => remove(engineId, tier, keys.subarray(0, -1), kind);
  },
  'removes from every tier': ({ holderSets }) => {
    const unset = holderSets.unset.bind(holderSets);
    holderSets.unset = (row, slot) => unset(row, slot, 0xff);
  },
  'gives a slot again before its dense rows are swept': ({ slots }) => {
    slots.densePairs = () => 0;
  },
  'ignores check bits': ({ blockRows }) => {
    const findMany = blockRows.findMany.bind(blockRows);
    blockRows.findMany = (words, _, from, to, found) => findMany(words, undefined, from, to, found);
  },
  'keeps a holder that left when a dense block becomes sparse': ({ columns, holderSets, slots }) => {
    const unsetDense = holderSets.unsetDense.bind(holderSets);
    holderSets.unsetDense = (row, dense, slot, bits) => {
      const before = slots.isAlive(slot) ? holderBits(columns, row, slot) : 0;
      unsetDense(row, dense, slot, bits);
      const more = columns.rows.words[(row << ROW_SHIFT) + ROW_MORE] as number;
      if (before !== 0 && more < DENSE_FLAG && holderBits(columns, row, slot) === 0)
        holderSets.set(row, slot, before);
    };
  },
  'loses a tier when a block becomes dense': ({ columns, dense }) => {
    const set = dense.set.bind(dense);
    dense.set = (d, slot, bits) => {
      const known = holderBits(columns, dense.rowOf(d), slot);
      return set(d, slot, known !== 0 && known === bits ? bits & -bits : bits);
    };
  },
  'drops a block for all when one engine drops it': ({ columns, holderSets }) => {
    const unset = holderSets.unset.bind(holderSets);
    holderSets.unset = (row, slot, bits) => {
      for (const holder of holderSlots(columns, row)) unset(row, holder, holder === slot ? bits : 0xff);
    };
  },
  'keeps blocks that nobody holds': ({ holderSets }) => {
    holderSets.forgetUnheld = () => undefined;
  },
  'does not look at sliding windows': (_, index) => {
    index.setWindowBlocks = () => undefined;
  },
};

/** An index with the fault; undefined = none. */
export function indexWith(fault: string | undefined, options: PrefixIndexOptions): PrefixIndex {
  const index = new PrefixIndex(options);
  if (fault !== undefined) BROKEN[fault]?.(index as unknown as Parts, index);
  return index;
}
