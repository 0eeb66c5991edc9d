import { constants, copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Places one file: as a hard link where asked for and possible, which costs no space, else as a copy. */
export function placeFile(source, target, link) {
  mkdirSync(dirname(target), { recursive: true });
  if (link) {
    try {
      return linkSync(source, target);
    } catch (error) {
      if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error;
    }
  }
  copyFileSync(source, target, constants.COPYFILE_EXCL);
}

/**
 * Places the files of a folder, those that `wanted` takes by their name. Folders called node_modules are left out:
 * nested packages are packages of their own.
 */
export function copyTree(source, target, { link = false, wanted = () => true } = {}) {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') copyTree(from, to, { link, wanted });
    } else if (entry.isFile() && wanted(entry.name)) placeFile(from, to, link);
  }
}
