import type { EngineRequest, SecondaryCache } from '../../src/engine-model/index.js';

/** A secondary cache in memory: chunks by the content of their last block. Those whose content is 3 modulo 7 are damaged, which only a load finds out. */
export class ChunkStore implements SecondaryCache {
  readonly chunks = new Set<number>();
  readonly calls: string[] = [];
  constructor(
    readonly blocksPerChunk: number,
    readonly latencyMs: number,
    readonly chunkMs: number,
    first: readonly number[],
  ) {
    for (const content of first) this.chunks.add(content);
  }
  /** `there`: group and ordinal of last blocks that are stored from the start. */
  static with(options: {
    blocksPerChunk: number;
    latencyMs: number;
    chunkMs: number;
    there: ReadonlyArray<readonly [number, number]>;
  }): ChunkStore {
    const first = options.there.map(([group, block]) => group * 1000 + block);
    return new ChunkStore(options.blocksPerChunk, options.latencyMs, options.chunkMs, first);
  }
  private last(request: EngineRequest, chunk: number): number {
    return request.promptBlocks[(chunk + 1) * this.blocksPerChunk - 1]!;
  }
  offer(request: EngineRequest, firstChunk: number, endChunk: number): number[] {
    const durations: number[] = [];
    let ms = this.latencyMs;
    for (let c = firstChunk; c < endChunk && this.chunks.has(this.last(request, c)); c++) {
      // Two tiers: odd chunks are on the slower one.
      ms += c % 2 === 0 ? this.chunkMs : 3 * this.chunkMs;
      durations.push(ms);
    }
    return durations;
  }
  load(request: EngineRequest, firstChunk: number, chunks: number): number {
    this.calls.push(`load ${request.id} ${firstChunk} ${chunks}`);
    for (let c = firstChunk; c < firstChunk + chunks; c++) {
      if (this.last(request, c) % 7 !== 3) continue;
      this.chunks.delete(this.last(request, c));
      return c - firstChunk;
    }
    return chunks;
  }
  store(request: EngineRequest, firstChunk: number, endChunk: number): void {
    this.calls.push(`store ${request.id} ${firstChunk} ${endChunk}`);
    for (let c = firstChunk; c < endChunk; c++) this.chunks.add(this.last(request, c));
  }
}
