import { readFileSync } from 'node:fs';

/** Tells a process apart from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process (field 22 of /proc/<pid>/stat). */
  readonly startTicks: number;
  /** Ticks count from the boot, so they mean nothing after another one. */
  readonly bootId: string;
}

let cachedBootId: string | undefined;

function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}

/** The identity of a process, also of one that has ended and waits for its parent to notice; undefined when there is none. */
export function identify(pid: number): ProcessIdentity | undefined {
  return readProcess(pid)?.identity;
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = readProcess(identity.pid);
  return (
    now?.isRunning === true &&
    now.identity.startTicks === identity.startTicks &&
    now.identity.bootId === identity.bootId
  );
}

function readProcess(pid: number): { identity: ProcessIdentity; isRunning: boolean } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command name is in parentheses and may hold anything, closing parentheses included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const identity = { pid, startTicks: Number(fields[19]), bootId: bootId() };
  // Z and X: a zombie, dead but not yet collected.
  return { identity, isRunning: state !== 'Z' && state !== 'X' };
}
