import * as promises from 'node:fs/promises';

/** The calls that change or read a tier's folder, so that a test can make each of them fail. */
export type FileSystem = Pick<
  typeof promises,
  'chmod' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'realpath' | 'rename' | 'rmdir' | 'statfs' | 'unlink'
>;

export const nodeFileSystem: FileSystem = promises;
