import type { ChunkLedger, CopyView } from '@penstock/core/tiering';

export interface LocatedBlock {
  readonly key: bigint;
  /** Usable ones, and those that are coming. */
  readonly copies: readonly CopyView[];
}

/** Copies of chunks with each block, one entry per key in order; copies that are being removed are left out. */
export function locateBlocks(ledger: ChunkLedger, scope: string, keys: BigUint64Array): LocatedBlock[] {
  return Array.from(keys, (key) => {
    const copies = Array.from(ledger.chunksWith(scope, key)).flatMap((chunk) => chunk.copies);
    return { key, copies: copies.filter(({ state }) => state !== 'deleting') };
  });
}
