import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../process/process-identity.js';

const LOOK_INTERVAL_MS = 500;

/**
 * Waits until no other living process builds into the folder, then takes its place. Two that slip through the
 * takeover of a dead builder's lock only do the work twice: each program is put in place by one rename.
 *
 * @param onWait called once, with the pid of the other, before the first wait
 * @returns a function that lets the next one in
 */
export async function lockBuild(folder: string, onWait: (pid: number) => void): Promise<() => void> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, '.lock');
  for (let hasWaited = false; ; hasWaited = true) {
    try {
      writeFileSync(path, JSON.stringify(identify(process.pid) ?? { pid: process.pid }), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner === 'gone') continue;
    if (owner === 'unreadable' || !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasWaited) onWait(owner.pid);
    await sleep(LOOK_INTERVAL_MS);
  }
}

function readOwner(path: string): ProcessIdentity | 'gone' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return 'gone';
  }
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    // Written in part by a process that died: a lock is far too short to be caught half-written.
    return 'unreadable';
  }
}
