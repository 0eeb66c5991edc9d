import { type ChildProcess, spawn } from 'node:child_process';
import { waitUntil } from '../../src/suite/wait-until.js';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 2000;

/** How an example is started; the address of NATS follows. */
export interface SubscriberCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** A subscriber of deploy/examples as a process of its own, with what it printed. */
export class SubscriberProcess {
  private readonly child: ChildProcess;
  private printed = '';
  private complaints = '';

  constructor({ program, args }: SubscriberCommand, natsUrl: string) {
    this.child = spawn(program, [...args, natsUrl], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk) => {
      this.printed += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.complaints += chunk;
    });
  }

  /** Lines on standard output. */
  lines(): string[] {
    return this.printed.split('\n').slice(0, -1);
  }

  /** Resolves with the first line that fits; `again` is done every two seconds until there is one. */
  async line(pattern: RegExp, again?: () => Promise<unknown>): Promise<string> {
    const find = () => this.lines().find((line) => pattern.test(line));
    let lastMs = performance.now();
    await this.until(`a line ${pattern}`, async () => {
      if (again && performance.now() - lastMs > AGAIN_MS) {
        await again();
        lastMs = performance.now();
      }
      return find() !== undefined;
    });
    return find() ?? '';
  }

  /** Waits for what it tells on standard error. */
  told(text: string): Promise<void> {
    return this.until(`to be told "${text}"`, async () => this.complaints.includes(text));
  }

  /** Ends it as Ctrl-C or a container engine does. @returns its exit code */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null)
      return Promise.resolve(this.child.exitCode);
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    return ended;
  }

  private until(what: string, check: () => Promise<boolean>): Promise<void> {
    const tested = async () => {
      if (await check()) return true;
      throw new Error(`it printed:\n${this.printed.slice(-2000)}\n${this.complaints.slice(-2000)}`);
    };
    return waitUntil(what, tested, PATIENCE_MS);
  }
}
