import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
export const SHARED_MEMORY = '/dev/shm';

/**
 * The folder in memory that stands for /dev/shm of a dev cluster's nodes. Whoever deletes the data directory deletes
 * it first.
 *
 * @param dataDir must exist
 * @returns undefined on a machine without /dev/shm, where those paths are in the data directory
 */
export function hostMemoryFolder(dataDir: string): string | undefined {
  if (!existsSync(SHARED_MEMORY)) return undefined;
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 8);
  return join(SHARED_MEMORY, `penstock-${name}`);
}
