import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** An engine as its own process, from the build. */
export class EngineProcess {
  stdout = '';
  stderr = '';
  private readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(
    readonly child: ChildProcess,
    readonly startedAtMs = performance.now(),
  ) {
    child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  static start(args: readonly string[], env: NodeJS.ProcessEnv = {}): EngineProcess {
    return new EngineProcess(
      spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' }),
    );
  }

  /** The line that says where it listens; fails when the process ends instead. */
  async ready(): Promise<{ url: string; kvEvents: string; kvReplay: string }> {
    const gone = this.ended.then(({ code, signal }) => {
      throw new Error(`ended with ${code ?? signal}: ${this.stderr}`);
    });
    while (!this.stdout.includes('\n')) await Promise.race([gone, once(this.child.stdout!, 'data')]);
    gone.catch(() => undefined);
    return JSON.parse(this.stdout) as { url: string; kvEvents: string; kvReplay: string };
  }

  rssBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** User and system time so far, in clock ticks (10 ms). */
  cpuTicks(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(' ');
    return Number(fields[13]) + Number(fields[14]);
  }

  exit(): Promise<{ code: number | null; signal: string | null }> {
    return this.ended;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}
