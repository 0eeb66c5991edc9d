import { readTrace } from '../../replay/trace.js';
import { WorkloadBuilder } from '../routing/build-workload.js';
import type { Bench, BenchOptions, BenchResult } from '../types.js';
import { runInWorkers } from '../workers/run-in-workers.js';
import { tiersBars } from './bars.js';
import { planJobs } from './plan.js';
import { row } from './rows.js';
import { runJob } from './run-job.js';
import { CPU_BYTES, SMALL_CPU_BYTES, SSD_BYTES } from './storage.js';

/** A fleet with nothing behind its GPUs, and with CPU memory, disks and an object store. */
export const tiersBench: Bench = {
  name: 'tiers',
  summary:
    'GPU only against CPU, SSD and S3 tiers on the fleet twin (virtual time): TTFT, hit ratio by tier, bytes moved',
  run,
};

async function run(options: BenchOptions): Promise<BenchResult> {
  // A trace that cannot be read is said before a minute of other work.
  if (options.trace !== undefined) await readTrace(options.trace, 1);
  const jobs = planJobs(options);
  options.progress(`tiers: ${jobs.length} runs of the fleet twin`);
  const builder = new WorkloadBuilder();
  const figures = await runInWorkers({
    bench: 'tiers',
    jobs,
    worker: new URL('./worker.js', import.meta.url),
    here: (job) => runJob(job, builder),
    describe: ({ engines, storage }) => `${storage.name} on ${engines} engines`,
    onDone: (done) => options.progress(`tiers: ${done} of ${jobs.length} runs`),
  });
  const lines = jobs.map((job, i) => ({ job, figures: figures[i]! }));
  return {
    bench: 'tiers',
    params: {
      engine: 'Qwen3-32B bf16 TP2 H100',
      policy: '3-2-2',
      gpusPerNode: 8,
      cpuBytesPerNode: CPU_BYTES,
      smallCpuBytesPerNode: SMALL_CPU_BYTES,
      ssdBytesPerNode: SSD_BYTES,
      s3Bytes: 'no limit',
      chunkTokens: 512,
      cpuToGpuPerEngine: '20 GB/s',
      disksPerNode: 'read 24 GB/s, write 12 GB/s; one disk: 3 GB/s each',
      s3PerNode: '1 GB/s each way, 15 ms',
      watermarks: '0.9, 0.8',
      s3AdmissionUses: 2,
    },
    rows: lines.map(row),
    bars: tiersBars(lines, options),
    notes: [
      'Capacities and bytes are those of the real KV cache; link speeds are assumed, not measured.',
      'Hit ratios are shares of all prompt tokens; S3 counts chunks that were brought to CPU memory for a request.',
      ...(options.trace
        ? []
        : ["No trace was given: rows named generator use the project's own session generator."]),
    ],
  };
}
