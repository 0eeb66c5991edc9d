import { type EngineBlocks, TIERS, type TierBlocks } from '@penstock/core/kv';
import type { StoredDelta } from '@penstock/core/ports';
import { HashSet } from './hash-set.js';
import type { Place } from './place-flags.js';

type Change = Pick<StoredDelta, 'cleared' | 'changes' | 'removed'>;

/** Some of the pairs of a section: `keep[i]` is 1 for those that are still held. */
interface Kept {
  readonly section: TierBlocks;
  readonly keep: Uint8Array;
  readonly count: number;
}

const PLACES: readonly Place[] = [false, true].flatMap((window) =>
  TIERS.map((tier) => (window ? { tier, window } : { tier })),
) as Place[];

/**
 * Blocks after the deltas, each applied as cleared, removed, stored; the hashes of a place in `blocks` are distinct.
 * Places without blocks are left out. It reads the newest delta first, so that the first word about a hash is the last
 * one, and remembers only the hashes of the log.
 */
export function foldBlocks(blocks: EngineBlocks, deltas: readonly Change[]): EngineBlocks {
  if (deltas.length === 0) return blocks.filter(({ keys }) => keys.length > 0);
  // Nothing before the last clearing matters.
  const start = deltas.findLastIndex(({ cleared }) => cleared);
  const newestFirst = deltas.slice(Math.max(start, 0)).reverse();
  return PLACES.flatMap((place) => {
    const isHere = (other: { readonly tier: string; readonly window?: boolean }) =>
      other.tier === place.tier && (other.window ?? false) === (place.window ?? false);
    const kept = foldPlace(start < 0 ? blocks.filter(isHere) : [], newestFirst, isHere);
    const joined = join(place, kept);
    return joined ? [joined] : [];
  });
}

/** What is held at one place, oldest section first. */
function foldPlace(
  before: EngineBlocks,
  newestFirst: readonly Change[],
  isHere: (place: { readonly tier: string; readonly window?: boolean }) => boolean,
): Kept[] {
  const steps = newestFirst.map(({ changes, removed }) => ({
    stored: changes.filter(isHere),
    removed: removed.filter(isHere),
  }));
  let hashes = 0;
  for (const { stored, removed } of steps)
    for (const { engineHashes } of [...stored, ...removed]) hashes += engineHashes.length;
  const known = new HashSet(hashes);
  const kept: Kept[] = [];
  for (const { stored, removed } of steps) {
    for (const section of stored.reverse()) kept.push(keepOf(section, (low, high) => known.add(low, high)));
    for (const { engineHashes } of removed) {
      const halves = halvesOf(engineHashes);
      for (let i = 0; i < halves.length; i += 2) known.add(halves[i]!, halves[i + 1]!);
    }
  }
  for (const section of before) kept.push(keepOf(section, (low, high) => !known.has(low, high)));
  return kept.reverse();
}

/** The last pair of a hash in a section counts. */
function keepOf(section: TierBlocks, isWanted: (low: number, high: number) => boolean): Kept {
  const halves = halvesOf(section.engineHashes);
  const keep = new Uint8Array(section.keys.length);
  let count = 0;
  for (let i = keep.length - 1; i >= 0; i--) {
    if (!isWanted(halves[i * 2]!, halves[i * 2 + 1]!)) continue;
    keep[i] = 1;
    count++;
  }
  return { section, keep, count };
}

function join(place: Place, kept: readonly Kept[]): TierBlocks | undefined {
  const length = kept.reduce((sum, { count }) => sum + count, 0);
  if (length === 0) return undefined;
  const engineHashes = new BigUint64Array(length);
  const keys = new BigUint64Array(length);
  const checks = kept.some(({ section }) => section.checks) ? new Uint32Array(length) : undefined;
  const [hashHalves, keyHalves] = [halvesOf(engineHashes), halvesOf(keys)];
  let to = 0;
  for (const { section, keep } of kept) {
    const [fromHashes, fromKeys] = [halvesOf(section.engineHashes), halvesOf(section.keys)];
    for (let i = 0; i < keep.length; i++) {
      if (keep[i] === 0) continue;
      hashHalves[to * 2] = fromHashes[i * 2]!;
      hashHalves[to * 2 + 1] = fromHashes[i * 2 + 1]!;
      keyHalves[to * 2] = fromKeys[i * 2]!;
      keyHalves[to * 2 + 1] = fromKeys[i * 2 + 1]!;
      if (checks) checks[to] = section.checks?.[i] ?? 0;
      to++;
    }
  }
  return checks ? { ...place, engineHashes, keys, checks } : { ...place, engineHashes, keys };
}

/** The same memory as pairs of 32 bits, low half first. */
function halvesOf(values: BigUint64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}
