import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '@penstock/testing/process';
import { z } from 'zod';

const identity = z.object({ pid: z.number().int().positive(), startTicks: z.number(), bootId: z.string() });

const suiteRecord = z.object({
  supervisor: identity,
  processes: z.array(identity.extend({ name: z.string() })),
  urls: z.object({
    frontDoor: z.string(),
    schedulerGrpc: z.string(),
    schedulerMetrics: z.array(z.string()),
    kvIndexGrpc: z.string(),
    kvIndexHttp: z.string(),
    kvIndexMetrics: z.string(),
    autoscalerGrpc: z.string(),
    autoscalerMetrics: z.string(),
    gangPlacerGrpc: z.string(),
    gangPlacerMetrics: z.string(),
    kvOffloadGrpc: z.string(),
    kvOffloadMetrics: z.string(),
    objectStore: z.string(),
    cluster: z.string(),
    nats: z.string(),
    redis: z.string(),
  }),
  kubeconfig: z.string(),
  namespace: z.string(),
  pool: z.string(),
  model: z.string(),
  gpu: z.string(),
  speed: z.number(),
  engines: z.number(),
});

/** What a running suite says about itself, so that `replay` finds it and the next start can clean up after a crash. */
export type SuiteRecord = z.output<typeof suiteRecord>;

/** The suite's folder on disk: logs, data, the record of what runs. */
export class SuiteState {
  constructor(readonly directory: string) {
    mkdirSync(join(directory, 'logs'), { recursive: true });
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  write(record: SuiteRecord): void {
    const temporary = this.path('suite.json.tmp');
    writeFileSync(temporary, JSON.stringify(record, null, 2));
    renameSync(temporary, this.path('suite.json'));
  }

  /** The record of the last start, whether or not it still runs; undefined when there is none or it is unreadable. */
  read(): SuiteRecord | undefined {
    try {
      return suiteRecord.parse(JSON.parse(readFileSync(this.path('suite.json'), 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** The record of a suite whose supervisor lives. */
  running(): SuiteRecord | undefined {
    const record = this.read();
    return record && isAlive(record.supervisor) ? record : undefined;
  }

  /** Processes that an earlier supervisor left behind when it was killed. */
  leftovers(): ProcessIdentity[] {
    const record = this.read();
    return record && !isAlive(record.supervisor) ? record.processes.filter(isAlive) : [];
  }

  clear(): void {
    rmSync(this.path('suite.json'), { force: true });
  }
}
