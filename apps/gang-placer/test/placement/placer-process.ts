import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WriteFault } from '@penstock/testing';

const SCRIPT = fileURLToPath(new URL('./faulty-placer.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/placer.module.js', import.meta.url));

export interface PlacerFault {
  readonly fault: WriteFault;
  /** From 1; 0 = never. */
  readonly atWrite: number;
}

/** The built gang-placer as a process of its own, without NATS, that may kill itself at one of its writes. */
export class PlacerProcess {
  private readonly child: ChildProcess;
  private output = '';
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(kubeconfig: string, { fault, atWrite }: PlacerFault = { fault: 'after', atWrite: 0 }) {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run \`npm run build\` first`);
    const flags = [
      `--kubeconfig=${kubeconfig}`,
      '--lease-duration-ms=1000',
      '--grpc-port=0',
      '--metrics-port=0',
    ];
    // A port on which nobody listens: events are lost, gangs are placed.
    const alone = ['--nats-url=nats://127.0.0.1:1', '--log-level=info'];
    this.child = spawn(process.execPath, ['--no-warnings', SCRIPT, ...flags, ...alone], {
      env: { ...process.env, FAULT: fault, FAULT_AT_WRITE: String(atWrite) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve(code ?? signal ?? ''));
    });
  }

  /** The end of what it printed. */
  get log(): string {
    return this.output;
  }

  /** Ends it wherever it is. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.ended;
  }
}
