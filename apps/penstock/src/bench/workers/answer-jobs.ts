import { parentPort } from 'node:worker_threads';

/** Makes this thread a worker of `runInWorkers`: every job that comes is run and answered. */
export function answerJobs<J, F>(run: (job: J) => Promise<F>): void {
  const port = parentPort;
  if (!port) throw new Error('answerJobs: this module runs as a worker thread of runInWorkers');
  port.on('message', async ({ index, job }: { index: number; job: J }) => {
    try {
      port.postMessage({ index, figures: await run(job) });
    } catch (error) {
      port.postMessage({ index, error: (error as Error).message });
    }
  });
}
