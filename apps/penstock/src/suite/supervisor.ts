import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { identify, type ProcessIdentity } from '@penstock/testing';
import { endProcess } from './end-process.js';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Resolves true once the process serves. Asked until it does or `readyTimeoutMs` has passed. */
  readonly ready: () => Promise<boolean>;
  readonly readyTimeoutMs?: number;
  /** Lower stops later: what others need while they stop. */
  readonly stopOrder: number;
}

interface Supervised {
  readonly spec: ProcessSpec;
  child?: ChildProcess;
  identity?: ProcessIdentity;
  startedAtMs: number;
  restarts: number;
  quickExits: number;
  timer?: NodeJS.Timeout;
}

/** Longest pause between two starts of a process that keeps dying. */
const MAX_BACKOFF_MS = 5000;
/** A process that lived this long starts again at once. */
const STEADY_MS = 10_000;

/**
 * Keeps processes running: each in its own process group (a Ctrl-C in the terminal must not reach them before the
 * supervisor does), output to a log file, restarted when it ends, stopped by pid.
 * Emits `started`(name, pid) and `exited`(name, how).
 */
export class Supervisor extends EventEmitter<{ started: [string, number]; exited: [string, string] }> {
  private readonly processes = new Map<string, Supervised>();
  private stopping = false;

  /** Starts a process and waits until it serves. Throws with the end of its log when it does not. */
  async start(spec: ProcessSpec): Promise<void> {
    const supervised: Supervised = { spec, startedAtMs: 0, restarts: 0, quickExits: 0 };
    this.processes.set(spec.name, supervised);
    this.launch(supervised);
    const deadline = performance.now() + (spec.readyTimeoutMs ?? 30_000);
    while (!(await spec.ready().catch(() => false))) {
      if (this.stopping) throw new Error('stopped');
      if (supervised.quickExits >= 3 || performance.now() > deadline) {
        throw new Error(`${spec.name} did not start; the end of ${spec.logFile}:\n${tail(spec.logFile)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Identities of everything running now. */
  identities(): Array<ProcessIdentity & { name: string }> {
    return [...this.processes.values()].flatMap((p) =>
      p.identity ? [{ name: p.spec.name, ...p.identity }] : [],
    );
  }

  restarts(): number {
    return [...this.processes.values()].reduce((sum, p) => sum + p.restarts, 0);
  }

  async stopAll(): Promise<void> {
    this.stopping = true;
    const orders = [...new Set([...this.processes.values()].map((p) => p.spec.stopOrder))].sort(
      (a, b) => b - a,
    );
    for (const order of orders) {
      const group = [...this.processes.values()].filter((p) => p.spec.stopOrder === order);
      await Promise.all(
        group.map(async (p) => {
          clearTimeout(p.timer);
          if (p.identity) await endProcess(p.identity);
        }),
      );
    }
  }

  private launch(supervised: Supervised): void {
    const { spec } = supervised;
    const log = openSync(spec.logFile, 'a');
    const child = spawn(spec.command, [...spec.args], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...inherited(), ...spec.env },
    });
    closeSync(log);
    supervised.child = child;
    supervised.startedAtMs = performance.now();
    supervised.identity = child.pid === undefined ? undefined : identify(child.pid);
    if (child.pid !== undefined) this.emit('started', spec.name, child.pid);
    let ended = false;
    const onEnd = (how: string) => {
      if (ended) return;
      ended = true;
      supervised.identity = undefined;
      if (this.stopping) return;
      this.emit('exited', spec.name, how);
      this.relaunch(supervised);
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
  }

  private relaunch(supervised: Supervised): void {
    const lived = performance.now() - supervised.startedAtMs;
    supervised.quickExits = lived > STEADY_MS ? 0 : supervised.quickExits + 1;
    supervised.restarts += 1;
    const delay = supervised.quickExits <= 1 ? 0 : Math.min(MAX_BACKOFF_MS, 100 * 2 ** supervised.quickExits);
    supervised.timer = setTimeout(() => {
      if (!this.stopping) this.launch(supervised);
    }, delay);
  }
}

/** Our environment without the command line's own variables: a service refuses PENSTOCK_ variables it does not know. */
function inherited(): NodeJS.ProcessEnv {
  const { PENSTOCK_HOME: _home, PENSTOCK_TRACES: _traces, ...rest } = process.env;
  return rest;
}

/** Last lines of a log, for an error message. */
export function tail(path: string, lines = 15): string {
  try {
    if (statSync(path).size === 0) return '(empty)';
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}
