import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { kvindexV1 } from '@penstock/contracts';
import { createGrpcClient, type GrpcClient } from '@penstock/platform';

type Methods = {
  ScoreEndpoints: { request: object; response: kvindexV1.ScoreEndpointsResponse };
  ListEngines: { request: object; response: kvindexV1.ListEnginesResponse };
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A replica of kv-index in a process of its own, from its sources. */
export class ReplicaProcess {
  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly metricsPort: number,
    private readonly client: GrpcClient<Methods>,
  ) {}

  static async start(name: string, flags: readonly string[]): Promise<ReplicaProcess> {
    const own = [`--instance=${name}`, '--grpc-port=0', '--metrics-port=0', '--log-level=error'];
    const child = fork(here('replica-main.ts'), [...own, ...flags], {
      execArgv: [`--import=${here('run-source.mjs')}`],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`replica ${name} ended with ${code} before it listened`);
    });
    const [listeners] = (await Promise.race([once(child, 'message'), ended])) as [Record<string, number>];
    const address = `127.0.0.1:${listeners['grpc']}`;
    const client = createGrpcClient<Methods>({ proto: 'kvindex', service: 'KvIndexService', address });
    ended.catch(() => undefined);
    return new ReplicaProcess(name, child, listeners['metrics'] as number, client);
  }

  async engines(): Promise<readonly kvindexV1.Engine[]> {
    return (await this.client.call('ListEngines', {})).engines;
  }

  /** Blocks of a prompt that each engine holds, by its id. */
  async blocksOf(tokenIds: readonly number[], model: string): Promise<Map<string, number>> {
    const { endpoints } = await this.client.call('ScoreEndpoints', {
      prompt: { namespace: { model }, tokenIds },
    });
    return new Map(endpoints.map((one) => [one.engineId, one.matchedTokens / (one.blockSize || 1)]));
  }

  /** The number that a pattern finds in the metrics; NaN when it is not there. */
  async figure(pattern: RegExp): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    return Number(pattern.exec(text)?.[1] ?? Number.NaN);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** Ends it at once, or lets it end in its own way. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.client.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
