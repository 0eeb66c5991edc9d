import { answerJobs } from '../workers/answer-jobs.js';
import { WorkloadBuilder } from './build-workload.js';
import type { RoutingJob } from './job.js';
import { runJob } from './run-job.js';

const builder = new WorkloadBuilder();
answerJobs((job: RoutingJob) => runJob(job, builder));
