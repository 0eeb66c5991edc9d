import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const MAX_WORKERS = 4;

type Answer<F> = { index: number; figures: F } | { index: number; error: string };

export interface WorkerRun<J, F> {
  readonly bench: string;
  readonly jobs: readonly J[];
  /** Module that calls `answerJobs`. */
  readonly worker: URL;
  /** Runs a job in this thread. */
  readonly here: (job: J) => Promise<F>;
  /** A job in a few words, for errors. */
  readonly describe: (job: J) => string;
  readonly onDone: (done: number) => void;
}

/**
 * Runs jobs on all cores (at most 4) and returns their figures in the order of the jobs. Few jobs, and jobs run
 * from TypeScript sources (where the worker is not compiled), run in this thread.
 * @throws Error naming the job that failed
 */
export async function runInWorkers<J, F>(run: WorkerRun<J, F>): Promise<F[]> {
  const { bench, jobs, worker: module, here, describe, onDone } = run;
  const workers = Math.min(availableParallelism(), MAX_WORKERS, Math.floor(jobs.length / 2));
  if (workers < 2 || !existsSync(fileURLToPath(module))) {
    const figures: F[] = [];
    for (const job of jobs) {
      figures.push(await here(job));
      onDone(figures.length);
    }
    return figures;
  }
  const figures = new Array<F>(jobs.length);
  let next = 0;
  let done = 0;
  const drain = async (): Promise<void> => {
    const worker = new Worker(module);
    try {
      while (next < jobs.length) {
        const index = next++;
        worker.postMessage({ index, job: jobs[index] });
        const [answer] = (await once(worker, 'message')) as [Answer<F>];
        if ('error' in answer) {
          next = jobs.length;
          throw new Error(`bench ${bench}: ${describe(jobs[index]!)}: ${answer.error}`);
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
