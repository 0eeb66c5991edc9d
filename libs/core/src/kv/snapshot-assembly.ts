import type { KvSnapshot } from './types.js';

/** A snapshot, or one of the `parts` it was split into: parts of one snapshot share incarnation and sequence. */
export interface KvSnapshotPart extends KvSnapshot {
  /** From 0; absent = 0. */
  readonly part?: number;
  /** Absent = 1. */
  readonly parts?: number;
}

/** Collects the parts of one engine's newest snapshot, in any order and with repetitions. */
export class SnapshotAssembly {
  private incarnation = -1;
  private sequence = -1;
  private parts = new Map<number, KvSnapshotPart>();

  /** Takes a part; returns all parts once every one of the same snapshot is there. Parts of older snapshots are ignored. */
  add(part: KvSnapshotPart): readonly KvSnapshotPart[] | undefined {
    const { incarnation, sequence, part: number = 0, parts = 1 } = part;
    if (incarnation < this.incarnation) return undefined;
    if (incarnation === this.incarnation && sequence < this.sequence) return undefined;
    if (!Number.isSafeInteger(number) || number < 0 || number >= parts) return undefined;
    const [first] = this.parts.values();
    const other = incarnation !== this.incarnation || sequence !== this.sequence;
    if (other || (first && (first.parts ?? 1) !== parts)) {
      this.parts.clear();
      this.incarnation = incarnation;
      this.sequence = sequence;
    }
    this.parts.set(number, part);
    if (this.parts.size < parts) return undefined;
    const complete = [...this.parts.values()];
    this.parts.clear();
    return complete;
  }
}
