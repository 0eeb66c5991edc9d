import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Flushes a folder, and those above it up to the parent of the first one that was created, to the device:
 * a name is durable only when the folder that holds it is.
 * @param created what `mkdir` with `recursive` gave
 */
export async function syncFolders(folder: string, created: string | undefined): Promise<void> {
  const last = created === undefined ? folder : dirname(created);
  for (let current = folder; ; current = dirname(current)) {
    const handle = await open(current, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (current === last || current === dirname(current)) return;
  }
}
