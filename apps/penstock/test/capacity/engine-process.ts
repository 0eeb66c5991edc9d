import { readdirSync, readFileSync } from 'node:fs';
import type { Pod } from '@penstock/contracts';

/** Whether an engine process that was told the pod's address runs on this machine. */
export function hasEngineProcess({ status }: Pod): boolean {
  const ip = status?.podIP;
  return ip !== undefined && readdirSync('/proc').some((pid) => isEngine(pid, ip));
}

function isEngine(pid: string, ip: string): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.some((arg) => arg.includes('engine-sim')) && args.includes(ip);
  } catch {
    return false;
  }
}
