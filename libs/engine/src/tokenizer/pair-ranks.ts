const FREE = 0xffff_ffff;

/**
 * Rank and id by pair of token ids, in an open-addressed table with linear probing (Knuth, The Art of Computer Programming
 * 3, 6.4): a pair that is looked up costs one or two cache lines, where a Map of numbers beyond 2³¹ costs several.
 */
export class PairRanks {
  private readonly mask: number;
  /** Four numbers to a place: left, right, rank, id. */
  private readonly places: Uint32Array;

  /** @param count pairs there will be at most */
  constructor(count: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * count)));
    this.mask = size - 1;
    this.places = new Uint32Array(4 * size).fill(FREE);
  }

  /** A pair that is set again gets the new rank. */
  set(left: number, right: number, rank: number, id: number): void {
    const at = this.place(left, right);
    this.places[at] = left;
    this.places[at + 1] = right;
    this.places[at + 2] = rank;
    this.places[at + 3] = id;
  }

  /** Infinite where the pair has none. */
  rank(left: number, right: number): number {
    const rank = this.places[this.place(left, right) + 2] as number;
    return rank === FREE ? Number.POSITIVE_INFINITY : rank;
  }

  /** What a pair that has a rank becomes. */
  id(left: number, right: number): number {
    return this.places[this.place(left, right) + 3] as number;
  }

  /** Where the pair is, or the free place for it. */
  private place(left: number, right: number): number {
    const { mask, places } = this;
    const hash = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
    for (let at = (hash ^ (hash >>> 15)) & mask; ; at = (at + 1) & mask) {
      const found = places[4 * at];
      if (found === FREE || (found === left && places[4 * at + 1] === right)) return 4 * at;
    }
  }
}
