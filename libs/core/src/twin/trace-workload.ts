import { TRACE_BLOCK_TOKENS, type TraceRequest } from './session-trace.js';
import type { Arrival, Workload } from './workload.js';

export interface TraceWorkloadOptions {
  /** How much faster than recorded, default 1. */
  readonly rate?: number;
  /** Must divide 512. */
  readonly blockSize?: number;
}

/** Workload M: a trace as one stage. Every hash id becomes 512 ÷ blockSize content ids. */
export function traceWorkload(trace: readonly TraceRequest[], options: TraceWorkloadOptions = {}): Workload {
  const { rate = 1, blockSize = 16 } = options;
  const perHash = TRACE_BLOCK_TOKENS / blockSize;
  if (!Number.isInteger(perHash)) {
    throw new Error(`traceWorkload: blockSize ${blockSize} must divide ${TRACE_BLOCK_TOKENS}`);
  }
  const dense = new Map<number, number>();
  const firstMs = trace[0]?.timestampMs ?? 0;
  const arrivals = trace.map((request, row): Arrival => {
    const { inputLength: tokens, hashIds } = request;
    const blocks = new Int32Array(Math.floor(tokens / blockSize));
    if (blocks.length > hashIds.length * perHash) {
      throw new Error(
        `traceWorkload: request ${row} has ${tokens} tokens but only ${hashIds.length} hash ids of ${TRACE_BLOCK_TOKENS} tokens`,
      );
    }
    for (let i = 0; i < blocks.length; i++) {
      const hash = hashIds[Math.floor(i / perHash)]!;
      let id = dense.get(hash);
      if (id === undefined) {
        id = dense.size;
        dense.set(hash, id);
      }
      blocks[i] = id * perHash + (i % perHash);
    }
    const outputTokens = Math.max(1, request.outputLength);
    return { atMs: (request.timestampMs - firstMs) / rate, prompt: { tokens, blocks }, outputTokens };
  });
  return {
    name: 'M',
    blockSize,
    contentCount: dense.size * perHash,
    stages: [{ name: `${rate}x`, arrivals }],
  };
}
