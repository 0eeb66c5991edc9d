import type { EngineRequest } from './engine-request.js';

/**
 * Storage behind the GPU that an engine loads prompt blocks from and stores them to, as vLLM's KV connectors do. It
 * works in chunks: chunk c of a request is `blocksPerChunk` consecutive prompt blocks from c × blocksPerChunk on.
 */
export interface SecondaryCache<R extends EngineRequest = EngineRequest> {
  /** At least 1. */
  readonly blocksPerChunk: number;
  /**
   * What could be loaded, asked when the request could be admitted: entry n is how many ms chunks `firstChunk` to
   * `firstChunk + n` take together on an idle link, for the KV cache's true size. As many entries as there are
   * consecutive chunks in storage from `firstChunk` on and before `endChunk`; ascending.
   */
  offer(request: R, firstChunk: number, endChunk: number): ArrayLike<number>;
  /**
   * Takes the first `chunks` chunks of the offer. Returns how many of them will arrive, in order: fewer when one
   * turns out to be gone or damaged; the engine computes the rest.
   */
  load(request: R, firstChunk: number, chunks: number): number;
  /** Chunks `firstChunk` to before `endChunk` are complete on the GPU: to be stored unless they are there. */
  store(request: R, firstChunk: number, endChunk: number): void;
}
