import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills process `pid` when this process dies, however it dies: a shell waits on a pipe that only our death closes.
 * End the guard with SIGKILL once the process is gone.
 */
export function guardProcess(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$1"', 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal must reach us before it reaches the guard.
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return guard;
}
