import { readdirSync, readFileSync } from 'node:fs';

/** A kv-node of a suite, as its command line tells. */
export interface KvNodeProcess {
  readonly pid: number;
  readonly node: string;
  readonly cpuDir: string;
  readonly ssdDir: string;
}

/** The running kv-nodes whose folders are below `home`. */
export function kvNodeProcesses(home: string): KvNodeProcess[] {
  return readdirSync('/proc').flatMap((pid) => {
    const args = commandLine(pid);
    const flag = (name: string) =>
      args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    const found = {
      pid: Number(pid),
      node: flag('--node'),
      cpuDir: flag('--cpu-dir'),
      ssdDir: flag('--ssd-dir'),
    };
    return args[1]?.endsWith('kv-node/dist/main.js') && found.ssdDir.startsWith(home) ? [found] : [];
  });
}

function commandLine(pid: string): string[] {
  if (!/^\d+$/.test(pid)) return [];
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
