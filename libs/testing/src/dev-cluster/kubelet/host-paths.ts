import { mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { hostMemoryFolder, SHARED_MEMORY } from './host-memory-folder.js';
import { MountError } from './mount-error.js';

type HostPathRule = { readonly makes?: 'folder' | 'file'; readonly needs?: 'folder' | 'file' };

/** core/v1 HostPathType. Without one a real node checks nothing, and its container runtime makes a folder. */
const RULES: Readonly<Record<string, HostPathRule>> = {
  '': { makes: 'folder' },
  DirectoryOrCreate: { makes: 'folder', needs: 'folder' },
  Directory: { needs: 'folder' },
  FileOrCreate: { makes: 'file', needs: 'file' },
  File: { needs: 'file' },
};

/**
 * The file systems of the simulated nodes, for `hostPath` volumes: each node has a folder of its own, which all its pods
 * share and which stays when they go. What is below /dev/shm on the node is in memory here too.
 */
export class HostPaths {
  private readonly directory: string;
  private readonly memory: string | undefined;

  /** @param dataDir must exist */
  constructor(dataDir: string) {
    this.directory = join(dataDir, 'hosts');
    this.memory = hostMemoryFolder(dataDir);
  }

  /** Where a path of a node really is. @throws MountError for one that is not absolute or leaves the node */
  locate(nodeName: string, path: string): string {
    if (!path.startsWith('/') || path.split('/').includes('..')) {
      throw new MountError(`hostPath ${JSON.stringify(path)}: must be an absolute path without ".."`);
    }
    const clean = normalize(path).replace(/(?<=.)\/$/, '');
    const isMemory = clean === SHARED_MEMORY || clean.startsWith(`${SHARED_MEMORY}/`);
    return isMemory && this.memory
      ? join(this.memory, nodeName, clean.slice(SHARED_MEMORY.length))
      : join(this.directory, nodeName, clean);
  }

  /**
   * Where a `hostPath` volume of a pod really is, made or found there as its type says.
   *
   * @throws MountError saying what is missing, in the way or not supported
   */
  mount(pod: ApiObject, hostPath: JsonObject): string {
    const path = String(hostPath['path']);
    const type = String(hostPath['type'] ?? '');
    const rule = RULES[type];
    if (!rule) {
      const known = Object.keys(RULES).filter(Boolean).join(', ');
      throw new MountError(`hostPath type ${type} is not supported by the simulated kubelet: use ${known}`);
    }
    const real = this.locate(String(pod.spec?.['nodeName']), path);
    if (!statOf(real)) this.make(real, rule);
    const found = statOf(real);
    const isRight = rule.needs === 'file' ? found?.isFile() : found?.isDirectory();
    if (rule.needs && !isRight) {
      const what = rule.needs === 'file' ? 'a file' : 'a directory';
      throw new MountError(`hostPath type check failed: ${path} is not ${what} (on this machine: ${real})`);
    }
    return real;
  }

  private make(path: string, { makes }: HostPathRule): void {
    if (!makes) return;
    try {
      // Names in /dev/shm are seen by everyone; what is below is not.
      if (this.memory && path.startsWith(`${this.memory}/`))
        mkdirSync(this.memory, { recursive: true, mode: 0o700 });
      mkdirSync(makes === 'file' ? dirname(path) : path, { recursive: true, mode: 0o755 });
      if (makes === 'file') writeFileSync(path, '', { flag: 'a', mode: 0o644 });
    } catch (error) {
      throw new MountError(`hostPath: cannot make ${path}: ${(error as Error).message}`);
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Missing, or below something that is no folder; making it tells which.
    return undefined;
  }
}
