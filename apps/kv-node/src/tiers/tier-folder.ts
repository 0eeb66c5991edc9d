import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseChunkPath, temporaryName } from '@penstock/engine';
import type { ChunkBytes } from './chunk-bytes.js';
import { ChunkProblem } from './chunk-problem.js';
import { explainReadError, explainWriteError } from './explain-file-error.js';
import type { FileSystem } from './file-system.js';
import { layoutModes } from './layout-modes.js';
import { TEMPORARY_WRITER } from './temporary-writer.js';
import type { FolderTier } from './tier-name.js';

export interface TierFolderOptions {
  readonly tier: FolderTier;
  /** Absolute path of the root of the layouts. */
  readonly root: string;
  readonly capacityBytes: number;
  /** Whether a copy must outlive a power failure: files and folders are flushed to the device. */
  readonly durable: boolean;
}

const BUFFER_BYTES = 1024 * 1024;
const FOLDER_ATTEMPTS = 3;
// No link at the end is followed, and a pipe does not make us wait.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * One tier's folder. Only chunks' paths get here; links are never followed, below the root neither in folders. A copy
 * is written beside its place and renamed, so that an engine sees all of it or nothing. Throws `ChunkProblem`.
 */
export class TierFolder {
  constructor(
    readonly options: TierFolderOptions,
    private readonly fs: FileSystem,
  ) {}

  get tier(): FolderTier {
    return this.options.tier;
  }

  /** Size and time of change of a regular file; undefined when nothing is there. */
  async stat(path: string): Promise<{ sizeBytes: number; changedMs: number } | undefined> {
    const file = this.fileOf(path);
    try {
      await this.requireOwnFolder(path);
      const found = await this.fs.lstat(file);
      if (!found.isFile()) throw new ChunkProblem('unreadable', `${file} is no regular file`);
      return { sizeBytes: found.size, changedMs: found.mtimeMs };
    } catch (error) {
      const problem = explainReadError(error, file);
      if (problem.code === 'missing') return undefined;
      throw problem;
    }
  }

  /** The bytes of a copy. */
  async *read(path: string): AsyncGenerator<Buffer> {
    const file = this.fileOf(path);
    let handle: FileHandle | undefined;
    try {
      await this.requireOwnFolder(path);
      handle = await this.fs.open(file, READ_FLAGS);
      const found = await handle.stat();
      if (!found.isFile()) throw new ChunkProblem('unreadable', `${file} is no regular file`);
      for (;;) {
        // Not used again: a stream that gets it may keep it for a while.
        const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, found.size + 1));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw explainReadError(error, file);
    } finally {
      await handle?.close();
    }
  }

  /** Size and CRC-32 of a copy, read from the file. */
  async measure(path: string): Promise<ChunkBytes> {
    let sizeBytes = 0;
    let crc = 0;
    for await (const part of this.read(path)) {
      sizeBytes += part.length;
      crc = crc32(part, crc);
    }
    return { sizeBytes, crc32: crc };
  }

  /**
   * Writes a copy; it is there, whole and durable, when this returns. Otherwise nothing is left of it; only when the
   * flush of a folder failed it may be there, whole, and the next scan finds it.
   * @param parts the bytes; they throw at their end when they are not the right ones
   */
  async write(path: string, parts: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<void> {
    const file = this.fileOf(path);
    const temporary = join(dirname(file), temporaryName(basename(file), TEMPORARY_WRITER));
    try {
      const modes = await layoutModes(this.fs, this.options.root, path);
      const { handle, created } = await this.openNew(path, temporary, modes.folder);
      try {
        await this.fill(handle, parts, sizeBytes, modes.file);
        await this.fs.rename(temporary, file);
      } catch (error) {
        await this.fs.unlink(temporary).catch(() => {});
        throw error;
      }
      if (this.options.durable) await this.syncFolders(path, created);
    } catch (error) {
      throw explainWriteError(error, file);
    }
  }

  /** Removes a copy; one that is not there counts as removed. */
  async remove(path: string): Promise<void> {
    const file = this.fileOf(path);
    try {
      await this.requireOwnFolder(path);
      await this.fs.unlink(file);
    } catch (error) {
      const problem = explainReadError(error, file);
      if (problem.code === 'missing') return;
      throw new ChunkProblem('unreadable', `${file} cannot be removed`, { cause: error });
    }
  }

  /** Removes the folders of a copy that is gone, as far as nothing else is in them: looking into them takes time, too. */
  async removeEmptyFolders(path: string): Promise<void> {
    const folder = dirname(this.fileOf(path));
    for (const each of [folder, dirname(folder)]) {
      const isGone = await this.fs.rmdir(each).then(
        () => true,
        () => false,
      );
      if (!isGone) return;
    }
  }

  /** Opens a new file in folders that are made where they are missing. @returns how many of them were new */
  private async openNew(
    path: string,
    temporary: string,
    folderMode: number | undefined,
  ): Promise<{ handle: FileHandle; created: number }> {
    for (let attempt = 1; ; attempt++) {
      const created = await this.makeFolders(path, folderMode);
      try {
        return { handle: await this.fs.open(temporary, 'wx'), created };
      } catch (error) {
        // An empty folder may be removed by whoever tidies up just before it is used again.
        if (codeOf(error) !== 'ENOENT' || attempt === FOLDER_ATTEMPTS) throw error;
      }
    }
  }

  private async fill(
    handle: FileHandle,
    parts: AsyncIterable<Uint8Array>,
    sizeBytes: number,
    mode: number | undefined,
  ): Promise<void> {
    try {
      if (mode !== undefined) await handle.chmod(mode);
      for await (const part of parts) {
        for (let at = 0; at < part.byteLength; ) {
          at += (await handle.write(part, at, part.byteLength - at)).bytesWritten;
        }
      }
      const { size } = await handle.stat();
      if (size !== sizeBytes) {
        throw new ChunkProblem('unreadable', `a file got ${size} bytes instead of ${sizeBytes}`);
      }
      if (this.options.durable) await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Makes the folders of a path one by one, following no link. @returns how many were new */
  private async makeFolders(path: string, mode: number | undefined): Promise<number> {
    let folder = this.options.root;
    let created = 0;
    for (const name of dirname(path).split('/')) {
      folder = join(folder, name);
      try {
        await this.fs.mkdir(folder);
        created++;
        if (mode !== undefined) await this.fs.chmod(folder, mode);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        if (!(await this.fs.lstat(folder)).isDirectory()) {
          throw new ChunkProblem('invalid', `${folder} is no folder; remove it`);
        }
      }
    }
    return created;
  }

  /** A name is durable when its folder is; the folders that were made are the last ones of the path. */
  private async syncFolders(path: string, created: number): Promise<void> {
    let folder = dirname(this.fileOf(path));
    for (let level = 0; level <= created; level++) {
      const handle = await this.fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      folder = dirname(folder);
    }
  }

  /** The folder of the path must be where the path says: no link among its parts. */
  private async requireOwnFolder(path: string): Promise<void> {
    const folder = dirname(path);
    const [root, real] = await Promise.all([
      this.fs.realpath(this.options.root),
      this.fs.realpath(join(this.options.root, folder)),
    ]);
    if (real !== join(root, folder)) {
      throw new ChunkProblem(
        'unreadable',
        `${join(this.options.root, folder)} leads out of the tier by a link`,
      );
    }
  }

  private fileOf(path: string): string {
    if (parseChunkPath(path) === undefined) {
      throw new ChunkProblem('invalid', `${JSON.stringify(path)} is not the path of a chunk`);
    }
    return join(this.options.root, path);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
