import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeChunk } from '@penstock/engine';
import { chunkBytes } from './chunk-bytes.js';
import type { StorageCounters } from './storage-counters.js';

/** A chunk to be stored. */
export interface ChunkToWrite {
  readonly path: string;
  /** Of all its blocks, in order. */
  readonly digests: readonly Buffer[];
}

export interface ChunkWriterOptions {
  /** The first is written to; a chunk that any of them has is not stored again. */
  readonly roots: readonly string[];
  readonly bytesPerBlock: number;
  readonly counters: StorageCounters;
  /** Called when the file is whole and in place. */
  readonly onStored: (chunk: ChunkToWrite) => void;
  /** The first of each kind of error. */
  readonly onError: (error: unknown) => void;
}

/** Files written at a time, and chunks that may wait; more are dropped, as they can be computed again. */
const CONCURRENCY = 4;
const MAX_WAITING = 4_096;

/** Writes chunks in the background. */
export class ChunkWriter {
  private readonly waiting: ChunkToWrite[] = [];
  /** Paths of what waits or is being written. */
  private readonly known = new Set<string>();
  private readonly running = new Set<Promise<void>>();
  private readonly reported = new Set<string>();

  constructor(private readonly options: ChunkWriterOptions) {}

  add(chunk: ChunkToWrite): void {
    if (this.known.has(chunk.path)) return;
    if (this.waiting.length >= MAX_WAITING) {
      this.options.counters.droppedStores++;
      return;
    }
    this.known.add(chunk.path);
    this.waiting.push(chunk);
    this.startMore();
  }

  /** Drops what waits and resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.options.counters.droppedStores += this.waiting.length;
    for (const { path } of this.waiting.splice(0)) this.known.delete(path);
    await Promise.all(this.running);
  }

  private startMore(): void {
    while (this.running.size < CONCURRENCY && this.waiting.length > 0) {
      const chunk = this.waiting.shift()!;
      const job = this.write(chunk).finally(() => {
        this.running.delete(job);
        this.known.delete(chunk.path);
        this.startMore();
      });
      this.running.add(job);
    }
  }

  private async write(chunk: ChunkToWrite): Promise<void> {
    const { roots, bytesPerBlock, counters, onStored } = this.options;
    const [first = '', ...others] = roots;
    try {
      for (const root of others) if (await exists(join(root, chunk.path))) return;
      if (await writeChunk(first, chunk.path, chunkBytes(chunk.digests, bytesPerBlock))) onStored(chunk);
    } catch (error) {
      counters.failedStores++;
      this.report(error);
    }
  }

  private report(error: unknown): void {
    const kind = (error as NodeJS.ErrnoException).code ?? String(error);
    if (this.reported.has(kind)) return;
    this.reported.add(kind);
    this.options.onError(error);
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
