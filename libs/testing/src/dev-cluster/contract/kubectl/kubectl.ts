import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestCluster } from '../../../test-cluster/test-cluster.js';

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** A manifest for `-f -`: text, or an object sent as JSON. */
  readonly stdin?: string | object;
  readonly env?: Readonly<Record<string, string>>;
}

/** The kubectl program against one server, in a namespace and with a home of its own. */
export class Kubectl {
  readonly namespace = `kubectl-${Math.random().toString(36).slice(2, 8)}`;
  private readonly home = mkdtempSync(join(tmpdir(), 'penstock-kubectl-'));
  private readonly running = new Set<ChildProcess>();

  constructor(
    private readonly program: string,
    readonly cluster: TestCluster,
  ) {}

  async start(): Promise<void> {
    await this.ok(['create', 'namespace', this.namespace]);
  }

  stop(): void {
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs `kubectl -n <namespace> …` to its end. */
  async run(args: readonly string[], { stdin, env }: KubectlOptions = {}): Promise<KubectlResult> {
    const child = this.spawn(args, env);
    const input = typeof stdin === 'object' ? JSON.stringify(stdin) : stdin;
    child.stdin?.end(input ?? '');
    const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? -1));
    });
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  }

  /** The output of a run that has to succeed. @throws Error with what kubectl said when it did not */
  async ok(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code === 0) return stdout;
    throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  }

  /** What a run that has to fail said. @throws Error when it did not fail */
  async fails(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) return stderr + stdout;
    throw new Error(`kubectl ${args.join(' ')} succeeded: ${stdout}`);
  }

  /** An object as JSON. */
  async get<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(['get', ...args, '-o', 'json'])) as T;
  }

  /** Starts a run that goes on, such as a watch. */
  follow(args: readonly string[]): { readonly lines: () => string[]; readonly stop: () => void } {
    const child = this.spawn(args);
    const output = collect(child, 'stdout');
    return {
      lines: () =>
        output
          .join('')
          .split('\n')
          .filter((line) => line !== ''),
      stop: () => child.kill(),
    };
  }

  private spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(
      this.program,
      ['--kubeconfig', this.cluster.kubeconfigPath, '--cache-dir', this.home, '-n', this.namespace, ...args],
      { env: { PATH: process.env['PATH'], HOME: this.home, ...env } },
    );
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    return child;
  }
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): string[] {
  const chunks: string[] = [];
  child[stream]?.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  return chunks;
}
