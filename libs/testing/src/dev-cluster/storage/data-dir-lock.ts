import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../process/process-identity.js';

/**
 * Keeps a second dev cluster away from a data directory. A lock whose owner died is taken over.
 *
 * @returns a function that gives the directory back
 * @throws Error naming the process that uses the directory
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'lock.json');
  const self = identify(process.pid);
  const write = (): void => writeFileSync(path, JSON.stringify(self), { flag: 'wx', mode: 0o600 });
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = readOwner(path);
    if (owner && isAlive(owner)) {
      throw new Error(
        `${dataDir} is in use by a dev cluster (process ${owner.pid}); stop it or choose another --data-dir`,
      );
    }
    rmSync(path, { force: true });
    write();
  }
  return () => rmSync(path, { force: true });
}

function readOwner(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    // A lock that was never written in full has no living owner.
    return undefined;
  }
}
