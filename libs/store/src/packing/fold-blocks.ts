import { type EngineBlocks, TIERS } from '@penstock/core/kv';
import type { StoredDelta } from '@penstock/core/ports';

type Change = Pick<StoredDelta, 'cleared' | 'changes' | 'removed'>;

/** Blocks after the deltas, each applied as cleared, removed, stored. Tiers without blocks are left out. */
export function foldBlocks(blocks: EngineBlocks, deltas: readonly Change[]): EngineBlocks {
  if (deltas.length === 0) return blocks.filter(({ keys }) => keys.length > 0);
  const tiers = new Map<string, Map<bigint, bigint>>(TIERS.map((tier) => [tier, new Map()]));
  const store = (stored: EngineBlocks) => {
    for (const { tier, engineHashes, keys } of stored) {
      const pairs = tiers.get(tier);
      for (let i = 0; i < keys.length; i++) pairs?.set(engineHashes[i]!, keys[i]!);
    }
  };
  // Nothing before the last clearing matters.
  const start = deltas.findLastIndex(({ cleared }) => cleared);
  if (start < 0) store(blocks);
  for (const delta of deltas.slice(Math.max(start, 0))) {
    for (const { tier, engineHashes } of delta.removed) {
      const pairs = tiers.get(tier);
      for (const hash of engineHashes) pairs?.delete(hash);
    }
    store(delta.changes);
  }
  return TIERS.filter((tier) => tiers.get(tier)?.size).map((tier) => {
    const pairs = tiers.get(tier) ?? new Map<bigint, bigint>();
    const engineHashes = new BigUint64Array(pairs.size);
    const keys = new BigUint64Array(pairs.size);
    let i = 0;
    for (const [hash, key] of pairs) {
      engineHashes[i] = hash;
      keys[i++] = key;
    }
    return { tier, engineHashes, keys };
  });
}
