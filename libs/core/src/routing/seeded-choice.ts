/**
 * Index in [0, count) that depends only on (seed, ordinal), evenly spread: MurmurHash3's 32-bit finaliser over
 * the pair. A full generator per decision would cost more than the decision.
 */
export function seededChoice(seed: number, ordinal: number, count: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(ordinal + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return Math.floor(((h >>> 0) / 4_294_967_296) * count);
}
