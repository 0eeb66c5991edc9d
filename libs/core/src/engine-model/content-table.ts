const EMPTY = -1;
// Looked up once: finding a global is slow inside a vm context, as in tests.
const { imul } = Math;

/**
 * Map from content id (non-negative safe integer) to a block number, without objects: open addressing with
 * linear probing, at most half full, deletion by shifting back.
 */
export class ContentTable {
  private readonly keys: Float64Array;
  private readonly values: Int32Array;
  private readonly mask: number;
  size = 0;

  /** `capacity`: most entries it will ever hold. */
  constructor(capacity: number) {
    let slots = 4;
    while (slots < capacity * 2) slots *= 2;
    this.keys = new Float64Array(slots).fill(EMPTY);
    this.values = new Int32Array(slots);
    this.mask = slots - 1;
  }

  /** Sixteen consecutive ids share a neighbourhood of slots: prompts are looked up in order of id. */
  private home(content: number): number {
    const high = (content / 4_294_967_296) | 0;
    let hash = imul(((content | 0) >>> 4) ^ imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    return ((hash << 4) | (content & 15)) & this.mask;
  }

  /** Block of a content, -1 when absent. */
  get(content: number): number {
    let slot = this.home(content);
    for (;;) {
      const key = this.keys[slot]!;
      if (key === content) return this.values[slot]!;
      if (key === EMPTY) return -1;
      slot = (slot + 1) & this.mask;
    }
  }

  set(content: number, block: number): void {
    let slot = this.home(content);
    while (this.keys[slot] !== EMPTY && this.keys[slot] !== content) slot = (slot + 1) & this.mask;
    if (this.keys[slot] === EMPTY) {
      this.keys[slot] = content;
      this.size++;
    }
    this.values[slot] = block;
  }

  delete(content: number): void {
    let hole = this.home(content);
    while (this.keys[hole] !== content) {
      if (this.keys[hole] === EMPTY) return;
      hole = (hole + 1) & this.mask;
    }
    this.size--;
    let slot = hole;
    for (;;) {
      slot = (slot + 1) & this.mask;
      const key = this.keys[slot]!;
      if (key === EMPTY) break;
      // An entry may move into the hole unless its home lies between the hole and itself.
      if (((slot - this.home(key)) & this.mask) >= ((slot - hole) & this.mask)) {
        this.keys[hole] = key;
        this.values[hole] = this.values[slot]!;
        hole = slot;
      }
    }
    this.keys[hole] = EMPTY;
  }

  clear(): void {
    this.keys.fill(EMPTY);
    this.size = 0;
  }
}
