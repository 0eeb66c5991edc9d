import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseChunkPath } from './parse-chunk-path.js';
import { syncFolders } from './sync-folders.js';
import { temporaryName } from './temporary-name.js';

const FOLDER_ATTEMPTS = 3;

export interface WriteChunkOptions {
  /** Flushes file and folder to the device before returning. Default false: on tmpfs there is no device. */
  readonly sync?: boolean;
}

/**
 * Stores a chunk as vLLM's file-system tier does: skipped when the file is there, else written beside it
 * under a temporary name (O_EXCL) and renamed, so that a reader sees all of it or nothing.
 * @param path below `root`, as `chunkPath` makes it
 * @returns whether it was written; false when it was there
 * @throws RangeError when the path is none of a chunk; Error of the file system, leaving no temporary file
 */
export async function writeChunk(
  root: string,
  path: string,
  bytes: Uint8Array,
  options: WriteChunkOptions = {},
): Promise<boolean> {
  if (parseChunkPath(path) === undefined) {
    throw new RangeError(`${JSON.stringify(path)} is not the path of a chunk; make it with chunkPath`);
  }
  const target = join(root, path);
  if (await exists(target)) return false;
  const folder = dirname(target);
  const temporary = join(folder, temporaryName(basename(target)));
  const { file, created } = await openNew(folder, temporary);
  try {
    try {
      await file.writeFile(bytes);
      if (options.sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.sync) await syncFolders(folder, created);
  return true;
}

/** An empty folder may be removed by whoever tidies up just before it is used. */
async function openNew(
  folder: string,
  temporary: string,
): Promise<{ file: FileHandle; created: string | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const created = await mkdir(folder, { recursive: true });
    try {
      return { file: await open(temporary, 'wx'), created };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === FOLDER_ATTEMPTS) throw error;
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
