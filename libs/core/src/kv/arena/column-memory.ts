/** Columns that can be given to another thread, as `postMessage` takes them. */
export type ColumnBuffers = Readonly<Record<string, SharedArrayBuffer>>;

/**
 * Bytes below which a column grows by doubling. Above it by a quarter, so that little of a large one lies idle, or by a
 * sixteenth where it grows in place.
 */
const DOUBLING_BELOW = 1 << 20;
const STEP = 4;
const STEP_IN_PLACE = 16;
const PAGE_BYTES = 4096;

/**
 * One array of 32-bit words that grows. `words` is another view after a growth: take it anew for every operation.
 * Shared columns reserve address space for their largest size and take memory as they grow, in place; views have a fixed
 * length because V8 reads a length-tracking view of a growable buffer through a slow path (some 30 times slower).
 */
export class Column {
  words: Uint32Array;

  /** `shared`: the buffer when it is one that grows in place. */
  constructor(
    private buffer: ArrayBufferLike,
    private readonly shared: SharedArrayBuffer | undefined,
    private readonly maxBytes: number,
  ) {
    this.words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  }

  /** It never grows beyond. */
  get maxWords(): number {
    return Math.floor(this.maxBytes / 4);
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  /** For a handle. Throws when the column is of one thread only. */
  get sharedBuffer(): SharedArrayBuffer {
    if (!this.shared) throw new Error('the column is not shared');
    return this.shared;
  }

  /** Bytes that it would have after `grow(words)`. */
  sizeFor(words: number): number {
    const needed = words * 4;
    if (needed <= this.bytes) return this.bytes;
    const step = this.bytes / (this.shared ? STEP_IN_PLACE : STEP);
    const roomy =
      this.bytes < DOUBLING_BELOW ? this.bytes * 2 : this.bytes + Math.ceil(step / PAGE_BYTES) * PAGE_BYTES;
    return Math.min(Math.max(needed, roomy), Math.max(needed, this.maxBytes));
  }

  /** Makes room for `words`; new ones are zero. Returns whether the view changed. Throws a RangeError beyond the largest size. */
  grow(words: number): boolean {
    const bytes = this.sizeFor(words);
    if (bytes === this.bytes) return false;
    if (bytes > this.maxBytes)
      throw new RangeError(`a column of ${bytes} bytes exceeds its ${this.maxBytes}`);
    if (this.shared) {
      this.shared.grow(bytes);
    } else {
      const larger = new Uint32Array(bytes >>> 2);
      larger.set(this.words);
      this.buffer = larger.buffer;
    }
    this.refresh();
    return true;
  }

  /** Takes the view anew: of a shared column that the other thread may have grown. */
  refresh(): void {
    if (this.words.byteLength !== this.buffer.byteLength)
      this.words = new Uint32Array(this.buffer, 0, this.buffer.byteLength >>> 2);
    else if (this.words.buffer !== this.buffer) this.words = new Uint32Array(this.buffer);
  }
}

/** Where columns come from: plain memory of one thread, memory to be shared, or columns that another thread made. */
export type ColumnSource = (name: string, words: number, maxWords: number) => Column;

/** For one thread. */
export const plainColumns: ColumnSource = (_, words, maxWords) =>
  new Column(new ArrayBuffer(words * 4), undefined, maxWords * 4);

/** For several threads. */
export const sharedColumns: ColumnSource = (_, words, maxWords) => {
  const buffer = new SharedArrayBuffer(words * 4, { maxByteLength: maxWords * 4 });
  return new Column(buffer, buffer, maxWords * 4);
};

/** Those of another thread. */
export function openColumns(buffers: ColumnBuffers): ColumnSource {
  return (name) => {
    const buffer = buffers[name];
    if (buffer?.growable !== true)
      throw new Error(`the handle of the index has no shared column ${name}: it is of another version`);
    return new Column(buffer, buffer, buffer.maxByteLength);
  };
}
