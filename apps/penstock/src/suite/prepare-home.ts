import { existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { hostMemoryFolder, leftoverPodProcesses } from '@penstock/testing';
import { endProcess } from './end-process.js';
import type { SuiteState } from './state.js';

/** NATS refuses its streams and the journal its writes when there is less. */
const MIN_FREE_BYTES = 300 * 1024 * 1024;

/**
 * Makes the suite's folder ready for a start: ends what a killed start left running and removes its data. Throws one
 * sentence when another suite runs or the disk is nearly full.
 */
export async function prepareHome(state: SuiteState, onPhase: (message: string) => void): Promise<void> {
  const running = state.running();
  if (running) {
    throw new Error(
      `a suite already runs (process ${running.supervisor.pid}, ${running.urls.frontDoor}); stop it first`,
    );
  }
  // Engines outlive a dev cluster that was killed together with its supervisor.
  const leftovers = [...state.leftovers(), ...leftoverPodProcesses(state.path('cluster'))];
  if (leftovers.length > 0) onPhase('stopping what an earlier start left behind');
  await Promise.all(leftovers.map((identity) => endProcess(identity)));
  freeMemory(state);
  for (const folder of ['nats', 'redis', 's3', 'cluster', 'logs'])
    rmSync(state.path(folder), { recursive: true, force: true });
  rmSync(state.path('kubeconfig'), { force: true });
  requireSpace(state.directory);
  mkdirSync(state.path('logs'), { recursive: true });
}

/** Removes what the nodes kept in memory: nothing but this would free it before the machine is restarted. */
export function freeMemory(state: SuiteState): void {
  const cluster = state.path('cluster');
  const folder = existsSync(cluster) ? hostMemoryFolder(cluster) : undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

function requireSpace(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= MIN_FREE_BYTES) return;
  const [free, needed] = [freeBytes, MIN_FREE_BYTES].map((bytes) => Math.floor(bytes / 1024 / 1024));
  throw new Error(
    `the disk of ${directory} is full: ${free} MB are free, ${needed} MB are needed; free some or set PENSTOCK_HOME`,
  );
}
