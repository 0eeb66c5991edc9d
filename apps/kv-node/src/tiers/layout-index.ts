import { join } from 'node:path';
import { parseChunkPath } from '@penstock/engine';
import type { FileSystem } from './file-system.js';

/** Finds chunks of a tier by their hash alone: remembers which layouts and groups there are. */
export class LayoutIndex {
  /** Groups seen, by the folder of a layout. */
  private readonly groups = new Map<string, Set<number>>();

  constructor(
    private readonly root: string,
    private readonly fs: FileSystem,
  ) {}

  /** Notes where a chunk is. */
  learn(path: string): void {
    const location = parseChunkPath(path);
    if (location === undefined) return;
    const [folder = ''] = path.split('/');
    const groups = this.groups.get(folder) ?? new Set();
    this.groups.set(folder, groups.add(location.group));
  }

  /** Paths at which a chunk of this hash may be, from what is known. */
  candidates(hash: string): string[] {
    const paths: string[] = [];
    for (const [folder, groups] of this.groups) {
      for (const group of groups) {
        paths.push(`${folder}/${hash.slice(0, 3)}/${hash.slice(3, 5)}_g${group}/${hash}.bin`);
      }
    }
    return paths;
  }

  /** Looks for layouts and groups with files like this hash that are not known yet. */
  async refresh(hash: string): Promise<void> {
    for (const folder of await this.folders('')) {
      for (const inner of await this.folders(`${folder}/${hash.slice(0, 3)}`)) {
        if (inner.startsWith(hash.slice(3, 5)))
          this.learn(`${folder}/${hash.slice(0, 3)}/${inner}/${hash}.bin`);
      }
    }
  }

  private async folders(folder: string): Promise<string[]> {
    const entries = await this.fs.readdir(join(this.root, folder), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }
}
