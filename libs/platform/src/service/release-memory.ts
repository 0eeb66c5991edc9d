import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

const CHECK_MS = 10_000;
/** Shares of one core below which a process counts as idle, above which it counts as having worked. */
const IDLE_SHARE = 0.03;
const BUSY_SHARE = 0.06;

/** Collects garbage and returns free pages to the system: tens of milliseconds, so only for idle moments. */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Releases memory when the process becomes idle after start-up or after load. V8 keeps what it grew to for as
 * long as nothing is allocated: a service would stay at the size of its busiest minute.
 */
export function releaseMemoryWhenIdle(): void {
  let worked = true;
  let before = process.cpuUsage();
  setInterval(() => {
    const used = process.cpuUsage(before);
    before = process.cpuUsage();
    const share = (used.user + used.system) / 1000 / CHECK_MS;
    if (share > BUSY_SHARE) worked = true;
    else if (worked && share < IDLE_SHARE) {
      worked = false;
      releaseMemory();
    }
  }, CHECK_MS).unref();
}
