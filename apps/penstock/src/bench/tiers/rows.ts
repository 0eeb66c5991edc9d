import { basename } from 'node:path';
import type { TierFigures } from '@penstock/core/twin';
import type { BenchResult } from '../types.js';
import type { TiersFigures, TiersJob } from './job.js';

/** A run with what it was of. */
export interface Line {
  readonly job: TiersJob;
  readonly figures: TiersFigures;
}

/** Name of the input: that of the trace, or `generator`. */
export const inputName = ({ workload }: TiersJob): string =>
  workload.trace ? `M ${basename(workload.trace, '.jsonl')}` : 'generator';

/** One row of the table. Times are virtual; bytes are those of the real KV cache. */
export function row({ job, figures }: Line): BenchResult['rows'][number] {
  const { ttftMs, outputTokensPerSecond, gpuHitRatio, tiers } = figures;
  return {
    workload: `${inputName(job)} ${job.workload.rate}× on ${job.engines}`,
    storage: job.storage.name,
    'TTFT p50 s': round(ttftMs.p50 / 1000),
    'TTFT p90 s': round(ttftMs.p90 / 1000),
    'out tok/s': Math.round(outputTokensPerSecond),
    'hit ratio GPU': round(gpuHitRatio),
    ...(tiers ? storageCells(tiers, figures.promptTokens) : {}),
  };
}

function storageCells(tiers: TierFigures, promptTokens: number): BenchResult['rows'][number] {
  const { loadedChunks, movedBytes, loads, loadsRefused, droppedStores } = tiers;
  const chunks = loadedChunks.cpu + loadedChunks.ssd + loadedChunks.s3;
  // Chunks overlap the GPU's prefix at their edge, so the tokens loaded are shared out by chunk.
  const ratio = (of: number) =>
    chunks === 0 ? 0 : round((tiers.externalHitTokens / promptTokens) * (of / chunks));
  const terabytes = (bytes: number) => round(bytes / 1e12);
  return {
    CPU: ratio(loadedChunks.cpu),
    SSD: ratio(loadedChunks.ssd),
    S3: ratio(loadedChunks.s3),
    loads,
    'loads refused': loadsRefused,
    'GPU→CPU TB': terabytes(movedBytes['gpu-cpu']),
    'CPU→SSD TB': terabytes(movedBytes['cpu-ssd']),
    'SSD→S3 TB': terabytes(movedBytes['ssd-s3']),
    'S3→CPU TB': terabytes(movedBytes['s3-cpu']),
    'CPU→GPU TB': terabytes(movedBytes['cpu-gpu']),
    'SSD→GPU TB': terabytes(movedBytes['ssd-gpu']),
    'chunks not stored': droppedStores,
  };
}

const round = (value: number): number => Number(value.toPrecision(3));
