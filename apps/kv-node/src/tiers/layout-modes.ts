import { join } from 'node:path';
import { layoutFolder, parseChunkPath } from '@penstock/engine';
import type { FileSystem } from './file-system.js';

const PERMISSIONS = 0o777;
/** Set-group-id is kept: it gives new files the group of the folder. */
const FOLDER_PERMISSIONS = 0o2777;

/** Permissions for what we write, so that the engine can use it: those that the engine gave its own layout. */
export interface LayoutModes {
  readonly file?: number;
  readonly folder?: number;
}

/** Looks at the layout's folder and its `config.json`; where they are not there the umask decides. */
export async function layoutModes(fs: FileSystem, root: string, path: string): Promise<LayoutModes> {
  const location = parseChunkPath(path);
  if (location === undefined) return {};
  const folder = join(root, layoutFolder(location.model, location.digest));
  const modeOf = async (file: string) => {
    const found = await fs.lstat(file).catch(() => undefined);
    return found && !found.isSymbolicLink() ? found.mode : undefined;
  };
  const [folderMode, fileMode] = await Promise.all([modeOf(folder), modeOf(join(folder, 'config.json'))]);
  return {
    ...(folderMode === undefined ? {} : { folder: folderMode & FOLDER_PERMISSIONS }),
    ...(fileMode === undefined ? {} : { file: fileMode & PERMISSIONS }),
  };
}
