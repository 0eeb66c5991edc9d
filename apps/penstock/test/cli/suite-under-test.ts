import { KubernetesCluster } from '@penstock/cluster';
import { request } from 'undici';
import { type Suite, startSuite } from '../../src/suite/start-suite.js';
import type { SuiteRecord } from '../../src/suite/state.js';
import { DEFAULT_SUITE } from '../../src/suite/suite-options.js';
import { type CliResult, runCli } from './run-cli.js';

/** A small suite, and the command line told where it is. */
export class SuiteUnderTest {
  private suite: Suite | undefined;

  constructor(readonly home: string) {}

  async start(): Promise<void> {
    this.suite = await startSuite(
      this.home,
      { ...DEFAULT_SUITE, engines: 2 },
      () => undefined,
      undefined,
      'any',
    );
  }

  async stop(): Promise<void> {
    await this.suite?.stop();
  }

  get record(): SuiteRecord {
    if (!this.suite) throw new Error('the suite has not started');
    return this.suite.record;
  }

  pidOf(name: string): number {
    const found = this.suite?.supervisor.identities().find((process) => process.name === name);
    if (!found) throw new Error(`no process ${name} runs`);
    return found.pid;
  }

  cli(...args: string[]): Promise<CliResult> {
    return runCli(args, { PENSTOCK_HOME: this.home });
  }

  cluster(): KubernetesCluster {
    return new KubernetesCluster({ kubeconfig: this.record.kubeconfig, service: 'test' });
  }

  /** Routes one completion of a prompt and says its id and engine. */
  async complete(prompt: string): Promise<{ requestId: string; endpoint: string }> {
    const { urls, model } = this.record;
    const { statusCode, headers, body } = await request(`${urls.frontDoor}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt, max_tokens: 2 }),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`the front door answered ${statusCode}: ${text}`);
    return { requestId: String(headers['x-request-id']), endpoint: String(headers['x-penstock-endpoint']) };
  }
}
