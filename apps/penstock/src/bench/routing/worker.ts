import { parentPort } from 'node:worker_threads';
import { WorkloadBuilder } from './build-workload.js';
import type { RoutingJob } from './job.js';
import { runJob } from './run-job.js';

const port = parentPort;
if (!port) throw new Error('bench routing: worker.js runs as a worker thread of run-jobs.js');
const builder = new WorkloadBuilder();

port.on('message', async ({ index, job }: { index: number; job: RoutingJob }) => {
  try {
    port.postMessage({ index, figures: await runJob(job, builder) });
  } catch (error) {
    port.postMessage({ index, error: (error as Error).message });
  }
});
