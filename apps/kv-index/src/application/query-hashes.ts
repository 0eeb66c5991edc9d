import type { KeyList } from '@penstock/core/kv';
import {
  askedFor,
  type InstanceFilter,
  type InstanceMatch,
  type InstanceSource,
  matchInstances,
} from './match-instances.js';

export interface HashQuery extends InstanceFilter {
  /** Hashes as the engines' events name blocks (low 64 bits), from the first block on. */
  readonly hashes: BigUint64Array;
  /** Tokens per block; 0 = each engine's own. */
  readonly blockSize: number;
}

const NO_KEYS: KeyList = { keys: new BigUint64Array(0) };

/**
 * As `queryInstances`, by hashes that the engines gave the blocks. Only who follows an engine knows its hashes; the keys
 * found so are looked up for every engine: a block that none of the engines followed by this replica holds ends the prefix.
 */
export function queryHashes(source: InstanceSource, query: HashQuery): Promise<InstanceMatch[]> {
  const asked = askedFor(source, query).filter(
    ({ engine }) => query.blockSize === 0 || engine.blockSize === query.blockSize,
  );
  return matchInstances(source, asked, (blockSize) => {
    const known = asked.flatMap(({ engine }) => (engine.blockSize === blockSize ? (engine.cache ?? []) : []));
    const runs = known.map((cache) => cache.keysOfHashes(query.hashes));
    return runs.reduce((best, run) => (run.keys.length > best.keys.length ? run : best), NO_KEYS);
  });
}
