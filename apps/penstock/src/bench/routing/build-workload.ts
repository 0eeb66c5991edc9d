import {
  generateSessions,
  sharedPrefixWorkload,
  traceWorkload,
  unsharedWorkload,
  type Workload,
} from '@penstock/core/twin';
import { readTrace, type TraceRequest } from '../../replay/trace.js';
import type { TraceSpec, WorkloadSpec } from './job.js';

/** Mean rate of the generated trace, that of the Mooncake conversation trace. */
const REQUESTS_PER_SECOND = 3.4;

/** Builds workloads, keeping the last one and the last trace: neighbouring jobs share them. */
export class WorkloadBuilder {
  private last: { key: string; workload: Workload } | undefined;
  private trace: { path: string; requests: readonly TraceRequest[] } | undefined;

  async build(spec: WorkloadSpec): Promise<Workload> {
    const key = JSON.stringify(spec);
    if (this.last?.key !== key) this.last = { key, workload: await this.make(spec) };
    return this.last.workload;
  }

  private async make(spec: WorkloadSpec): Promise<Workload> {
    switch (spec.kind) {
      case 'W':
        return sharedPrefixWorkload(spec);
      case 'Z':
        return unsharedWorkload(spec);
      case 'M':
        return this.fromTrace(spec);
    }
  }

  private async fromTrace({ trace: path, seed, requests, rate }: TraceSpec): Promise<Workload> {
    if (path === undefined) {
      return traceWorkload(generateSessions({ seed, requests, requestsPerSecond: REQUESTS_PER_SECOND }), {
        rate,
      });
    }
    if (this.trace?.path !== path) this.trace = { path, requests: await readTrace(path) };
    return traceWorkload(this.trace.requests.slice(0, requests), { rate });
  }
}
