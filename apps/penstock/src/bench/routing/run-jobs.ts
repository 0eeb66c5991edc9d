import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { WorkloadBuilder } from './build-workload.js';
import type { RoutingFigures, RoutingJob } from './job.js';
import { runJob } from './run-job.js';

const MAX_WORKERS = 4;
const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

type Answer = { index: number; figures: RoutingFigures } | { index: number; error: string };

/**
 * Runs jobs on all cores (at most 4) and returns their figures in the order of the jobs. Few jobs, and jobs run
 * from TypeScript sources (where the worker is not compiled), run in this thread.
 */
export async function runJobs(
  jobs: readonly RoutingJob[],
  onDone: (done: number) => void,
): Promise<RoutingFigures[]> {
  const workers = Math.min(availableParallelism(), MAX_WORKERS, Math.floor(jobs.length / 4));
  if (workers < 2 || !existsSync(WORKER)) {
    const builder = new WorkloadBuilder();
    const figures: RoutingFigures[] = [];
    for (const job of jobs) {
      figures.push(await runJob(job, builder));
      onDone(figures.length);
    }
    return figures;
  }
  const figures = new Array<RoutingFigures>(jobs.length);
  let next = 0;
  let done = 0;
  const drain = async (): Promise<void> => {
    const worker = new Worker(WORKER);
    try {
      while (next < jobs.length) {
        const index = next++;
        worker.postMessage({ index, job: jobs[index] });
        const [answer] = (await once(worker, 'message')) as [Answer];
        if ('error' in answer) {
          next = jobs.length;
          throw new Error(`bench routing: ${describe(jobs[index]!)}: ${answer.error}`);
        }
        figures[answer.index] = answer.figures;
        onDone(++done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, drain));
  return figures;
}

const describe = ({ workload, contender, seed }: RoutingJob) =>
  `workload ${workload.kind}, policy ${contender.policy}, seed ${seed}`;
