import { ContentTable } from './content-table.js';

const NONE = -1;

/** One cached content. `copies` > 1 when several blocks hold it. */
export interface CachedContent {
  readonly content: number;
  readonly parent: number | undefined;
  readonly copies: number;
}

/**
 * The KV blocks of one engine, as vLLM keeps them: reference counts, a free list in LRU order whose blocks keep
 * their content until they are handed out again, and a table from content to block. Equal content may sit in
 * several blocks; each copy is stored and removed for itself. vLLM's reserved null block is not counted.
 */
export class BlockPool {
  private readonly references: Int32Array;
  private readonly contents: Float64Array;
  private readonly parents: Float64Array;
  /** Next block with the same content, in order of storing. */
  private readonly nextCopy: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly table: ContentTable;
  /** Free blocks, including those with content. */
  freeCount: number;
  /** How often another copy of a content took the place of the one that `find` gave. */
  takeovers = 0;

  /** `onEvicted` is called with the content of a block that is handed out for something else. */
  constructor(
    readonly blockCount: number,
    private readonly onEvicted: (content: number) => void,
  ) {
    this.references = new Int32Array(blockCount);
    this.contents = new Float64Array(blockCount).fill(NONE);
    this.parents = new Float64Array(blockCount).fill(NONE);
    this.nextCopy = new Int32Array(blockCount).fill(NONE);
    // The last entry is the list's anchor: next = least recently used, previous = most recently freed.
    this.next = Int32Array.from({ length: blockCount + 1 }, (_, i) => (i === blockCount ? 0 : i + 1));
    this.previous = Int32Array.from({ length: blockCount + 1 }, (_, i) => (i === 0 ? blockCount : i - 1));
    this.table = new ContentTable(blockCount);
    this.freeCount = blockCount;
  }

  /** Takes the least recently used free block; what it held is gone. The caller makes sure that one is free. */
  allocate(): number {
    const block = this.next[this.blockCount]!;
    if (block === this.blockCount)
      throw new Error('BlockPool.allocate: no free block; check freeCount first');
    this.unlink(block);
    this.references[block] = 1;
    const content = this.contents[block]!;
    if (content !== NONE) {
      this.forget(block, content);
      this.onEvicted(content);
    }
    return block;
  }

  /** Block that holds a content, -1 when none does. */
  find(content: number): number {
    return this.table.get(content);
  }

  /** Content of a block, -1 when it has none. */
  contentOf(block: number): number {
    return this.contents[block]!;
  }

  isReferenced(block: number): boolean {
    return this.references[block]! > 0;
  }

  /** One more user of a block found by `find`. */
  acquire(block: number): void {
    if (this.references[block]!++ === 0) this.unlink(block);
  }

  /** One user less; the last one puts the block at the young end of the free list. */
  release(block: number): void {
    const left = --this.references[block]!;
    if (left > 0) return;
    if (left < 0) throw new Error(`BlockPool.release: block ${block} has no user`);
    const last = this.previous[this.blockCount]!;
    this.next[last] = block;
    this.previous[block] = last;
    this.next[block] = this.blockCount;
    this.previous[this.blockCount] = block;
    this.freeCount++;
  }

  /** Names the content of a full block. `parent` is the content before it, -1 for the first block. */
  store(block: number, content: number, parent: number): void {
    this.contents[block] = content;
    this.parents[block] = parent;
    const first = this.table.get(content);
    if (first === NONE) {
      this.table.set(content, block);
      return;
    }
    let copy = first;
    while (this.nextCopy[copy] !== NONE) copy = this.nextCopy[copy]!;
    this.nextCopy[copy] = block;
  }

  /** Everything cached now, in no particular order. */
  cached(): CachedContent[] {
    const found = new Map<number, { content: number; parent: number | undefined; copies: number }>();
    for (let block = 0; block < this.blockCount; block++) {
      const content = this.contents[block]!;
      if (content === NONE) continue;
      const known = found.get(content);
      const parent = this.parents[block]!;
      if (known) known.copies++;
      else found.set(content, { content, parent: parent === NONE ? undefined : parent, copies: 1 });
    }
    return [...found.values()];
  }

  /** Forgets all content. Only possible while no block is in use; returns whether it was done. */
  clear(): boolean {
    if (this.freeCount !== this.blockCount) return false;
    this.contents.fill(NONE);
    this.nextCopy.fill(NONE);
    this.table.clear();
    return true;
  }

  private unlink(block: number): void {
    const before = this.previous[block]!;
    const after = this.next[block]!;
    this.next[before] = after;
    this.previous[after] = before;
    this.freeCount--;
  }

  private forget(block: number, content: number): void {
    this.contents[block] = NONE;
    const after = this.nextCopy[block]!;
    this.nextCopy[block] = NONE;
    const first = this.table.get(content);
    if (first === block) {
      if (after === NONE) this.table.delete(content);
      else {
        this.table.set(content, after);
        this.takeovers++;
      }
      return;
    }
    let copy = first;
    while (this.nextCopy[copy] !== block) copy = this.nextCopy[copy]!;
    this.nextCopy[copy] = after;
  }
}
