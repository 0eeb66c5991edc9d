import type { KvSnapshot } from './types.js';

type Tiers = KvSnapshot['tiers'];

/** The snapshot's tiers cut into parts of at most `maxBlocks` keys each; one empty part when it holds nothing. */
export function splitSnapshot(snapshot: KvSnapshot, maxBlocks: number): Tiers[] {
  const parts: Array<Array<Tiers[number]>> = [];
  let room = 0;
  for (const { tier, window, keys, checks } of snapshot.tiers) {
    for (let from = 0; from < keys.length; ) {
      if (room === 0) {
        parts.push([]);
        room = maxBlocks;
      }
      const slice = keys.subarray(from, from + room);
      parts.at(-1)?.push({
        tier,
        ...(window ? { window } : {}),
        keys: slice,
        ...(checks ? { checks: checks.subarray(from, from + slice.length) } : {}),
      });
      from += slice.length;
      room -= slice.length;
    }
  }
  return parts.length > 0 ? parts : [[]];
}
