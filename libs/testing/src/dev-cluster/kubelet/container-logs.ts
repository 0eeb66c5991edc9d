import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiObject } from '../object/api-object.js';

/** As the real kubelet's default `containerLogMaxSize`. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Log files of containers: `<dir>/<namespace>_<pod>_<uid>/<container>/<restart>.log`. */
export class ContainerLogs {
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  path(pod: ApiObject, container: string, restartCount: number): string {
    return join(this.podFolder(pod), container, `${restartCount}.log`);
  }

  /** Keeps the log of this run and the one before. */
  dropOld(pod: ApiObject, container: string, restartCount: number): void {
    const old = this.path(pod, container, restartCount - 2);
    for (const path of [old, `${old}.1`]) rmSync(path, { force: true });
  }

  /** Moves a log that has grown too long aside; the process goes on writing to the emptied file. */
  cap(pod: ApiObject, container: string, restartCount: number): void {
    const path = this.path(pod, container, restartCount);
    if (!existsSync(path) || statSync(path).size <= MAX_LOG_BYTES) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
  }

  remove(pod: ApiObject): void {
    rmSync(this.podFolder(pod), { recursive: true, force: true });
  }

  private podFolder({ metadata: { namespace, name, uid } }: ApiObject): string {
    return join(this.directory, `${namespace}_${name}_${uid}`);
  }
}
