import type { StoredDelta } from '@penstock/core/ports';

/** One engine's change of about 100 ms at the fleet's planned peak. */
const STORED = 80;

/**
 * Deltas of an engine that holds `blocks` blocks and replaces the oldest by new ones: hashes, keys and check bits spread
 * over their range, as they are in life.
 */
export class Turnover {
  private sequence = 0;
  private newest = 0;

  constructor(
    readonly engineId: string,
    private readonly seed: number,
    private readonly blocks: number,
  ) {}

  /** What fills the engine, in deltas of `size` blocks. */
  *fill(size: number): Generator<StoredDelta> {
    while (this.newest < this.blocks) yield this.delta(Math.min(size, this.blocks - this.newest), 0);
  }

  next(): StoredDelta {
    return this.delta(STORED, STORED);
  }

  private delta(stored: number, removed: number): StoredDelta {
    const changes = [
      {
        tier: 'gpu' as const,
        engineHashes: new BigUint64Array(this.numbers(this.newest, stored * 2, 1).buffer),
        keys: new BigUint64Array(this.numbers(this.newest, stored * 2, 2).buffer),
        checks: this.numbers(this.newest, stored, 3),
      },
    ];
    const gone = new BigUint64Array(this.numbers(this.newest - this.blocks, removed * 2, 1).buffer);
    this.newest += stored;
    this.sequence++;
    return {
      engineId: this.engineId,
      incarnation: 1,
      sequence: this.sequence,
      engineSequence: this.sequence,
      cleared: false,
      changes,
      removed: removed > 0 ? [{ tier: 'gpu', engineHashes: gone }] : [],
    };
  }

  /** 32-bit numbers that depend on the engine, the kind and their place, and are cheap to make. */
  private numbers(first: number, count: number, kind: number): Uint32Array {
    const offset = Math.imul(this.seed * 4 + kind, 0x85eb_ca6b);
    const perBlock = kind === 3 ? 1 : 2;
    const numbers = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const mixed = Math.imul((first * perBlock + i) ^ offset, 0x9e37_79b1);
      numbers[i] = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2_ae3d);
    }
    return numbers;
  }
}
