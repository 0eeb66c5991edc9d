import { grown, halves, KeyTable } from '../kv/key-table.js';

const END = 0;

/** Which chunks contain a block: 64-bit key → chunk ids. Chunks may share blocks. */
export class KeyChunks {
  private readonly table = new KeyTable(1024);
  private heads = new Uint32Array(1024);
  private chunks = new Uint32Array(64);
  private nexts = new Uint32Array(64);
  private freeHead = END;
  private used = 1;

  /** Says that the chunk contains the keys; once per chunk, whatever a key is repeated. */
  add(chunk: number, keys: BigUint64Array): void {
    const words = halves(keys);
    for (let i = 0; i < keys.length; i++) {
      const id = this.table.add(words[2 * i] as number, words[2 * i + 1] as number);
      this.heads = grown(this.heads, this.table.capacity);
      if (this.isListed(id, chunk)) continue;
      const entry = this.take();
      this.chunks[entry] = chunk;
      this.nexts[entry] = this.heads[id] as number;
      this.heads[id] = entry;
    }
  }

  remove(chunk: number, keys: BigUint64Array): void {
    const words = halves(keys);
    for (let i = 0; i < keys.length; i++) {
      const id = this.table.find(words[2 * i] as number, words[2 * i + 1] as number);
      if (id >= 0) this.unlink(id, chunk);
    }
  }

  /** Ids of the chunks with the key, the last added first. */
  *of(key: bigint): Generator<number> {
    const id = this.table.find(Number(key & 0xffff_ffffn), Number(key >> 32n));
    if (id < 0) return;
    for (let entry = this.heads[id] as number; entry !== END; entry = this.nexts[entry] as number) {
      yield this.chunks[entry] as number;
    }
  }

  private isListed(id: number, chunk: number): boolean {
    for (let entry = this.heads[id] as number; entry !== END; entry = this.nexts[entry] as number) {
      if (this.chunks[entry] === chunk) return true;
    }
    return false;
  }

  private unlink(id: number, chunk: number): void {
    let previous = END;
    for (let entry = this.heads[id] as number; entry !== END; entry = this.nexts[entry] as number) {
      if (this.chunks[entry] !== chunk) {
        previous = entry;
        continue;
      }
      const next = this.nexts[entry] as number;
      if (previous === END) this.heads[id] = next;
      else this.nexts[previous] = next;
      this.nexts[entry] = this.freeHead;
      this.freeHead = entry;
      break;
    }
    if (this.heads[id] === END) this.table.delete(id);
  }

  private take(): number {
    const free = this.freeHead;
    if (free !== END) {
      this.freeHead = this.nexts[free] as number;
      return free;
    }
    if (this.used === this.chunks.length) {
      this.chunks = grown(this.chunks, this.used * 2);
      this.nexts = grown(this.nexts, this.used * 2);
    }
    return this.used++;
  }
}
