import { type ChildProcess, spawn } from 'node:child_process';
import { guardProcess } from './guard-process.js';
import type { ServerCommand } from './server-command.js';

const OUTPUT_LIMIT_CHARS = 16_384;

/** One running server, stopped by its pid; killed when this process dies before it. */
export class ServerProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private tail = '';
  private failure: string | undefined;

  constructor(readonly command: ServerCommand) {
    this.child = spawn(command.command, [...command.args], {
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      this.tail = (this.tail + chunk.toString('utf8')).slice(-OUTPUT_LIMIT_CHARS);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.failure = error.message;
        resolve();
      });
      this.child.once('exit', () => resolve());
    });
    if (this.child.pid !== undefined) {
      const guard = guardProcess(this.child.pid);
      void this.exited.then(() => guard.kill('SIGKILL'));
    }
  }

  /** Process id, -1 when it could not be started. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  get alive(): boolean {
    return this.failure === undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The last lines the server printed, or why it could not be started. */
  get output(): string {
    return this.failure ?? this.tail;
  }

  /** SIGSTOP: keeps its connections open and answers nothing. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.alive) this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
  async stop(graceMs = 5000): Promise<void> {
    if (this.alive) {
      this.child.kill('SIGCONT');
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
      await this.exited;
      clearTimeout(timer);
    }
    await this.exited;
  }
}

/** Repeats `attempt` until it returns a value; throws what `explain` says when `alive` ends or time is up. */
export async function untilReady<T>(
  server: ServerProcess,
  attempt: () => Promise<T | undefined>,
  timeoutMs: number,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 200)) {
    const value = await attempt().catch(() => undefined);
    if (value !== undefined && server.alive) return value;
    if (!server.alive) throw new Error(`${server.command.command} ended while starting:\n${server.output}`);
    if (performance.now() > deadline) {
      throw new Error(`${server.command.command} did not answer within ${timeoutMs} ms:\n${server.output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
