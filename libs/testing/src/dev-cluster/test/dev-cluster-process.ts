import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../../../../.config/source-loader.mjs', import.meta.url));

/** A dev cluster as a process of its own, run from source, so that it can be killed. */
export class DevClusterProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly dataDir: string,
    readonly readyMs: number,
  ) {}

  /** @throws Error with what it printed when it does not become ready */
  static async start(dataDir: string, flags: readonly string[] = []): Promise<DevClusterProcess> {
    const startedMs = Date.now();
    const node = ['--experimental-transform-types', '--no-warnings', '--import', LOADER, MAIN];
    const own = ['--data-dir', dataDir, '--kubeconfig', join(dataDir, 'kubeconfig')];
    const child = spawn(
      process.execPath,
      [...node, ...own, ...(flags.includes('--port') ? [] : ['--port', '0']), ...flags],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`dev cluster ended with ${code}: ${errors}`)));
    });
    const ready = JSON.parse(line) as { ready: boolean; url: string };
    return new DevClusterProcess(child, ready.url, dataDir, Date.now() - startedMs);
  }

  get kubeconfig(): string {
    return readFileSync(join(this.dataDir, 'kubeconfig'), 'utf8');
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** @returns the exit code, or the signal's name */
  async signal(signal: NodeJS.Signals): Promise<number | string> {
    if (this.child.exitCode !== null || this.child.signalCode !== null)
      return this.child.exitCode ?? this.child.signalCode ?? '';
    const ended = new Promise<number | string>((resolve) => {
      this.child.once('exit', (code, by) => resolve(code ?? by ?? ''));
    });
    this.child.kill(signal);
    return ended;
  }
}
