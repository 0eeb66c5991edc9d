import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { isTemporaryName, parseChunkPath } from '@penstock/engine';
import type { FileSystem } from './file-system.js';

export interface ScannedFile {
  /** Below the root. */
  readonly path: string;
  readonly kind: 'chunk' | 'temporary' | 'irregular';
  readonly sizeBytes: number;
  readonly changedMs: number;
}

export interface FolderScan {
  readonly files: readonly ScannedFile[];
  /** Folders below the root that could not be read: nothing is known about what is in them. */
  readonly unreadable: readonly string[];
  /** Folders of layouts, below the layout's own, with nothing in them. */
  readonly empty: readonly string[];
}

const LEVELS = 3;
/** `lstat` calls that wait for each other's turn in the thread pool. */
const AT_ONCE = 16;

/**
 * Every file of the layouts in a tier's root. Links are not followed, other things than the layout's are not looked at.
 * @throws Error of the file system when the root itself cannot be read
 */
export async function scanFolder(fs: FileSystem, root: string): Promise<FolderScan> {
  const files: ScannedFile[] = [];
  const unreadable: string[] = [];
  const empty: string[] = [];
  const visit = async (folder: string, level: number): Promise<void> => {
    const entries = await fs.readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (level === 0) throw error;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') unreadable.push(folder);
      return undefined;
    });
    if (entries === undefined) return;
    if (entries.length === 0 && level >= 2 && isLayoutFolder(folder)) empty.push(folder);
    if (level === LEVELS) {
      for (let from = 0; from < entries.length; from += AT_ONCE) {
        const some = entries.slice(from, from + AT_ONCE);
        const seen = await Promise.all(some.map((entry) => look(fs, root, folder, entry)));
        for (const file of seen) if (file) files.push(file);
      }
      return;
    }
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      await visit(level === 0 ? entry.name : `${folder}/${entry.name}`, level + 1);
    }
  };
  await visit('', 0);
  return { files, unreadable, empty };
}

async function look(
  fs: FileSystem,
  root: string,
  folder: string,
  entry: Dirent,
): Promise<ScannedFile | undefined> {
  const path = `${folder}/${entry.name}`;
  const isChunk = parseChunkPath(path) !== undefined;
  if (!isChunk && !(isTemporaryName(entry.name) && isLayoutFolder(folder))) return undefined;
  // It may be gone since the folder was read.
  const found = await fs.lstat(join(root, path)).catch(() => undefined);
  if (found === undefined) return undefined;
  const kind = !found.isFile() ? 'irregular' : isChunk ? 'chunk' : 'temporary';
  return { path, kind, sizeBytes: found.size, changedMs: found.mtimeMs };
}

/** Whether chunks can be below it: one with the hash that its name begins with could. */
function isLayoutFolder(folder: string): boolean {
  const [layout = '', first = '', second = `00_g0`] = folder.split('/');
  const hash = `${first}${second.slice(0, 2)}`.padEnd(16, '0');
  return parseChunkPath(`${layout}/${first}/${second}/${hash}.bin`) !== undefined;
}
