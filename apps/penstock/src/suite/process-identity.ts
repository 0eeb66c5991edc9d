import { readFileSync } from 'node:fs';

/** A process by pid and start time: a pid alone may meanwhile belong to someone else. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/<pid>/stat); empty where there is no /proc. */
  readonly startTicks: string;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: startTicks(pid) ?? '' };
}

/** True while this very process lives (a zombie does not). */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch {
    return false;
  }
  const now = startTicks(identity.pid);
  return now === undefined ? identity.startTicks === '' : now === identity.startTicks;
}

function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name (field 2) may hold spaces and parentheses: count from its closing one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'zombie' : fields[19];
  } catch {
    return undefined;
  }
}

/** Ends a process: SIGTERM, then SIGKILL after `graceMs`. Resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, graceMs = 8000): Promise<void> {
  if (!isAlive(identity)) return;
  send(identity.pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) {
      send(identity.pid, 'SIGKILL');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the check and the signal.
  }
}
