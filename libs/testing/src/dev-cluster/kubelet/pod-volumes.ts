import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { ContainerConfigError } from './container-config-error.js';
import type { HostPaths } from './host-paths.js';
import { MountError } from './mount-error.js';
import { type ContainerSpec, listOf } from './pod-spec.js';
import { type VolumeFiles, type VolumeSources, volumeFiles } from './volume-files.js';

/** Where a container finds a volume, and the folder that it really is. */
export interface MountedFolder {
  readonly mountPath: string;
  readonly folder: string;
}

/**
 * Folders of the volumes that are empty or that the API fills, `<dir>/<pod uid>/<volume>`, and those of the pod's node.
 * Other kinds of volumes have none, and mounts of them mean nothing.
 */
export class PodVolumes {
  constructor(
    private readonly directory: string,
    private readonly hosts: HostPaths,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /**
   * Makes the folders exist and their files say what the API says now. A file is replaced as a whole, so a reader sees
   * the old content or the new one.
   *
   * @throws ContainerConfigError naming what a volume refers to and cannot have
   */
  write(sources: VolumeSources): void {
    for (const volume of foldersOf(sources.pod)) {
      const folder = this.folder(sources.pod, volume);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const files = volumeFiles(volume, sources);
      if (files) writeFiles(folder, files);
    }
  }

  /**
   * The folders (or files of the node) a container mounts, the longest mount path first.
   *
   * @throws MountError naming the volume whose path on the node cannot be had
   * @throws ContainerConfigError for a `subPath` that leaves its volume
   */
  mountsOf(pod: ApiObject, container: ContainerSpec): MountedFolder[] {
    const volumes = new Map(listOf(pod.spec?.['volumes']).map((volume) => [volume['name'], volume]));
    return listOf(container['volumeMounts'])
      .flatMap((mount) => {
        const volume = volumes.get(mount['name']);
        const root = volume && this.rootOf(pod, volume);
        if (!root) return [];
        const subPath = inside(String(mount['subPath'] ?? ''));
        const folder = join(root, subPath);
        const isWritable = isObject(volume['emptyDir']) || isObject(volume['hostPath']);
        if (isWritable && folder !== root) mkdirSync(folder, { recursive: true, mode: 0o700 });
        return [{ mountPath: String(mount['mountPath']).replace(/\/+$/, ''), folder }];
      })
      .sort((a, b) => b.mountPath.length - a.mountPath.length);
  }

  remove(podUid: string): void {
    rmSync(join(this.directory, podUid), { recursive: true, force: true });
  }

  podUids(): string[] {
    return readdirSync(this.directory);
  }

  private rootOf(pod: ApiObject, volume: JsonObject): string | undefined {
    if (!isObject(volume['hostPath'])) return isFolder(volume) ? this.folder(pod, volume) : undefined;
    try {
      return this.hosts.mount(pod, volume['hostPath']);
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      const name = JSON.stringify(volume['name']);
      throw new MountError(`MountVolume.SetUp failed for volume ${name} : ${error.message}`);
    }
  }

  private folder({ metadata: { uid } }: ApiObject, volume: JsonObject): string {
    return join(this.directory, uid, inside(String(volume['name'])));
  }
}

const KINDS = ['emptyDir', 'downwardAPI', 'configMap', 'secret', 'projected'];

const isFolder = (volume: JsonObject): boolean => KINDS.some((kind) => isObject(volume[kind]));
const foldersOf = (pod: ApiObject): JsonObject[] => listOf(pod.spec?.['volumes']).filter(isFolder);

/** A relative path that does not leave its folder. @throws ContainerConfigError when it would */
function inside(path: string): string {
  const result = normalize(path || '.');
  if (result.startsWith('/') || result.split('/').includes('..')) {
    throw new ContainerConfigError(`volume path ${JSON.stringify(path)} leaves its volume`);
  }
  return result;
}

function writeFiles(folder: string, files: VolumeFiles): void {
  const paths = new Set<string>();
  for (const [name, content] of files) {
    const path = join(folder, inside(name));
    paths.add(path);
    if (contentOf(path)?.equals(content)) continue;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !paths.has(path)) rmSync(path);
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
