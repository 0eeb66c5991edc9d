import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../process/process-identity.js';
import type { ProcessCommand } from './container-command.js';

/** The process is ours to signal, but it is not our child: only looking tells whether it still runs. */
const ADOPTED_POLL_MS = 500;

export interface Exit {
  /** The program's own, or 128 + signal number. */
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** Reported for a process that ended while nobody could see how (as the real kubelet does). */
export const UNKNOWN_EXIT: Exit = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The process ended while the dev cluster was not its parent, so its exit code is not known',
};

/** A running container: one process group, with its end reported once. */
export class ContainerProcess {
  private poll: NodeJS.Timeout | undefined;

  private constructor(readonly identity: ProcessIdentity) {}

  /**
   * Starts a process in a session of its own, so that it outlives the dev cluster; what it prints goes to the log.
   *
   * @returns the process, or how it failed to start
   */
  static start(
    command: ProcessCommand,
    logPath: string,
    onExit: (exit: Exit) => void,
  ): ContainerProcess | Exit {
    mkdirSync(dirname(logPath), { recursive: true });
    const log = openSync(logPath, 'a', 0o600);
    try {
      const child = spawn(command.program, command.args, {
        detached: true,
        stdio: ['ignore', log, log],
        env: command.env,
      });
      // Without a process there is no exit event; the error event must have a listener.
      child.once('error', () => undefined);
      const identity = child.pid === undefined ? undefined : identify(child.pid);
      if (!identity) return startError(command.program);
      child.once('exit', (code, signal) => onExit(exitOf(code, signal)));
      child.unref();
      return new ContainerProcess(identity);
    } catch (error) {
      return { exitCode: 128, reason: 'StartError', message: (error as Error).message };
    } finally {
      closeSync(log);
    }
  }

  /** Takes over a process that an earlier dev cluster started; undefined when it is gone. */
  static adopt(identity: ProcessIdentity, onExit: (exit: Exit) => void): ContainerProcess | undefined {
    if (!isAlive(identity)) return undefined;
    const process = new ContainerProcess(identity);
    process.poll = setInterval(() => {
      if (isAlive(identity)) return;
      clearInterval(process.poll);
      onExit(UNKNOWN_EXIT);
    }, ADOPTED_POLL_MS);
    process.poll.unref();
    return process;
  }

  /** Signals the whole process group; nothing happens when it is gone already. */
  signal(signal: NodeJS.Signals): void {
    signalGroup(this.identity, signal);
  }

  /** Stops watching without touching the process. */
  forget(): void {
    clearInterval(this.poll);
  }
}

export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function startError(program: string): Exit {
  return {
    exitCode: 128,
    reason: 'StartError',
    message: `${program} could not be started: is it installed and executable?`,
  };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
}
