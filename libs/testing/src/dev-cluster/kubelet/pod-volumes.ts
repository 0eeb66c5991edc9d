import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import { ContainerConfigError } from './container-config-error.js';
import { podField } from './pod-field.js';
import { type ContainerSpec, listOf } from './pod-spec.js';

/** Where a container finds a volume, and the folder that it really is. */
export interface MountedFolder {
  readonly mountPath: string;
  readonly folder: string;
}

/**
 * Folders of `emptyDir` and `downwardAPI` volumes: `<dir>/<pod uid>/<volume>`. Other kinds of volumes have none, and
 * mounts of them mean nothing.
 */
export class PodVolumes {
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /**
   * Makes the folders exist and the files of downward API volumes say what the pod says now. A file is replaced as a
   * whole, so a reader sees the old text or the new one.
   *
   * @throws ContainerConfigError naming what a volume refers to and cannot have
   */
  write(pod: ApiObject, podIp: string): void {
    for (const volume of foldersOf(pod)) {
      const folder = this.folder(pod, volume);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const items = valueAt(volume, ['downwardAPI', 'items']);
      for (const item of listOf(items)) writeItem(folder, item, pod, podIp);
    }
  }

  /** The folders a container mounts, the longest mount path first. */
  mountsOf(pod: ApiObject, container: ContainerSpec): MountedFolder[] {
    const volumes = new Map(foldersOf(pod).map((volume) => [volume['name'], volume]));
    return listOf(container['volumeMounts'])
      .flatMap((mount) => {
        const volume = volumes.get(mount['name']);
        if (!volume) return [];
        const folder = join(this.folder(pod, volume), inside(String(mount['subPath'] ?? '')));
        if (isObject(volume['emptyDir'])) mkdirSync(folder, { recursive: true, mode: 0o700 });
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

  private folder({ metadata: { uid } }: ApiObject, volume: JsonObject): string {
    return join(this.directory, uid, inside(String(volume['name'])));
  }
}

const foldersOf = (pod: ApiObject): JsonObject[] =>
  listOf(pod.spec?.['volumes']).filter((v) => isObject(v['emptyDir']) || isObject(v['downwardAPI']));

/** A relative path that does not leave its folder. @throws ContainerConfigError when it would */
function inside(path: string): string {
  const result = normalize(path || '.');
  if (result.startsWith('/') || result.split('/').includes('..')) {
    throw new ContainerConfigError(`volume path ${JSON.stringify(path)} leaves its volume`);
  }
  return result;
}

function writeItem(folder: string, item: JsonObject, pod: ApiObject, podIp: string): void {
  const field = valueAt(item, ['fieldRef', 'fieldPath']);
  if (typeof field !== 'string') {
    throw new ContainerConfigError(
      `downwardAPI item ${String(item['path'])} has no fieldRef: resourceFieldRef is not supported by the simulated kubelet`,
    );
  }
  const path = join(folder, inside(String(item['path'])));
  const text = podField(pod, field, podIp);
  if (textOf(path) === text) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
