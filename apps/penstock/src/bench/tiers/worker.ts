import { WorkloadBuilder } from '../routing/build-workload.js';
import { answerJobs } from '../workers/answer-jobs.js';
import type { TiersJob } from './job.js';
import { runJob } from './run-job.js';

const builder = new WorkloadBuilder();
answerJobs((job: TiersJob) => runJob(job, builder));
