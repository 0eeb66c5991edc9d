import { join } from 'node:path';
import { explainWriteError } from './explain-file-error.js';
import type { FileSystem } from './file-system.js';
import { OWN_FOLDER } from './own-folder.js';

/** Where damaged copies of a tier go: out of every engine's sight, and kept for a look at them, the last few. */
export class Quarantine {
  private readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly keptFiles: number,
    private readonly fs: FileSystem,
  ) {
    this.folder = join(root, OWN_FOLDER, 'quarantine');
  }

  /**
   * Takes a copy out of its tier: renamed to `<time>-<name>`, or removed where that is not possible.
   * @throws ChunkProblem when it can be neither renamed nor removed
   */
  async take(path: string, nowMs: number): Promise<void> {
    const file = join(this.root, path);
    const name = `${new Date(nowMs).toISOString().replaceAll(':', '')}-${path.replaceAll('/', '_')}`.slice(
      -255,
    );
    try {
      if (this.keptFiles > 0) {
        await this.fs.mkdir(this.folder, { recursive: true });
        await this.fs.rename(file, join(this.folder, name));
        await this.keepNewest();
        return;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    }
    await this.fs.unlink(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw explainWriteError(error, file);
    });
  }

  private async keepNewest(): Promise<void> {
    const names = (await this.fs.readdir(this.folder)).sort();
    for (const name of names.slice(0, Math.max(0, names.length - this.keptFiles))) {
      await this.fs.unlink(join(this.folder, name));
    }
  }
}
