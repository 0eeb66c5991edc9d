import { halves } from '../key-table.js';
import type { KeyList } from '../types.js';

/** Halves of the keys, as `halves` gives them. */
export function keyWords(blocks: BigUint64Array | KeyList): Uint32Array {
  return halves(keysIn(blocks));
}

export function keysIn(blocks: BigUint64Array | KeyList): BigUint64Array {
  return ArrayBuffer.isView(blocks) ? blocks : blocks.keys;
}

/** Check bits of the blocks; undefined = none known. Throws when they are not as many as the keys. */
export function checksOf(blocks: BigUint64Array | KeyList): Uint32Array | undefined {
  if (ArrayBuffer.isView(blocks) || blocks.checks === undefined) return undefined;
  const { keys, checks } = blocks;
  if (checks.length !== keys.length)
    throw new RangeError(`${checks.length} check words for ${keys.length} keys: give one for each, or none`);
  return checks;
}
