import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../../process/process-identity.js';
import { ContainerRecords } from './container-record.js';

/** Processes of pods that outlived the dev cluster of this data folder, for who will not start it again to adopt them. */
export function leftoverPodProcesses(dataDir: string): ProcessIdentity[] {
  const directory = join(dataDir, 'pods');
  if (!existsSync(directory)) return [];
  const records = new ContainerRecords(directory);
  return records
    .podUids()
    .flatMap((uid) => [...records.read(uid).values()])
    .map((record) => record.identity)
    .filter(isAlive);
}
