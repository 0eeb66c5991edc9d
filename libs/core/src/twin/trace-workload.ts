import { TRACE_BLOCK_TOKENS, type TraceRequest } from './session-trace.js';
import type { Arrival, Workload } from './workload.js';

export interface TraceWorkloadOptions {
  /** How much faster than recorded, default 1. */
  readonly rate?: number;
  /** Must divide 512. */
  readonly blockSize?: number;
}

/** A trace row whose prompt shares nothing when it has no `hashIds`. */
export type WorkloadTraceRequest = Omit<TraceRequest, 'hashIds'> & Partial<Pick<TraceRequest, 'hashIds'>>;

/** Workload M: a trace as one stage. Every hash id becomes 512 ÷ blockSize content ids. */
export function traceWorkload(
  trace: readonly WorkloadTraceRequest[],
  options: TraceWorkloadOptions = {},
): Workload {
  const { rate = 1, blockSize = 16 } = options;
  const perHash = TRACE_BLOCK_TOKENS / blockSize;
  if (!Number.isInteger(perHash)) {
    throw new Error(`traceWorkload: blockSize ${blockSize} must divide ${TRACE_BLOCK_TOKENS}`);
  }
  const dense = new Map<number, number>();
  let blockCount = 0;
  const denseId = (hash: number | undefined): number => {
    let id = hash === undefined ? undefined : dense.get(hash);
    if (id !== undefined) return id;
    id = blockCount++;
    if (hash !== undefined) dense.set(hash, id);
    return id;
  };
  const firstMs = trace[0]?.timestampMs ?? 0;
  const arrivals = trace.map((request, row): Arrival => {
    const { inputLength: tokens, hashIds } = request;
    const blocks = new Int32Array(Math.floor(tokens / blockSize));
    if (hashIds && blocks.length > hashIds.length * perHash) {
      throw new Error(
        `traceWorkload: request ${row} has ${tokens} tokens but only ${hashIds.length} hash ids of ${TRACE_BLOCK_TOKENS} tokens`,
      );
    }
    for (let first = 0; first < blocks.length; first += perHash) {
      const content = denseId(hashIds?.[first / perHash]) * perHash;
      for (let i = first; i < Math.min(first + perHash, blocks.length); i++) blocks[i] = content + i - first;
    }
    const outputTokens = Math.max(1, request.outputLength);
    return { atMs: (request.timestampMs - firstMs) / rate, prompt: { tokens, blocks }, outputTokens };
  });
  return {
    name: 'M',
    blockSize,
    contentCount: blockCount * perHash,
    stages: [{ name: `${rate}x`, arrivals }],
  };
}
