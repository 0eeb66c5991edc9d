import { runInWorkers } from '../workers/run-in-workers.js';
import { WorkloadBuilder } from './build-workload.js';
import type { RoutingFigures, RoutingJob } from './job.js';
import { runJob } from './run-job.js';

/** Runs jobs on all cores and returns their figures in the order of the jobs. */
export function runJobs(
  jobs: readonly RoutingJob[],
  onDone: (done: number) => void,
): Promise<RoutingFigures[]> {
  const builder = new WorkloadBuilder();
  return runInWorkers({
    bench: 'routing',
    jobs,
    worker: new URL('./worker.js', import.meta.url),
    here: (job) => runJob(job, builder),
    describe: ({ workload, contender, seed }) =>
      `workload ${workload.kind}, policy ${contender.policy}, seed ${seed}`,
    onDone,
  });
}
