import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../process/process-identity.js';

/** How a container ended, as in `state.terminated`. */
export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly containerId: string;
}

/** What must survive the death of the dev cluster to find a container's process again. */
export interface ContainerRecord {
  readonly identity: ProcessIdentity;
  readonly containerId: string;
  readonly startedAt: string;
  readonly restartCount: number;
  readonly image: string;
  /** How the run before this one ended. */
  readonly lastTermination?: Termination;
  /** Set when this run has ended and no further one follows yet. */
  readonly termination?: Termination;
}

/** Records of containers on disk: `<dir>/<pod uid>/<container>.json`. */
export class ContainerRecords {
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  write(podUid: string, container: string, record: ContainerRecord): void {
    const folder = join(this.directory, podUid);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${container}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(record));
    renameSync(`${path}.new`, path);
  }

  /** Records of one pod by container name. */
  read(podUid: string): Map<string, ContainerRecord> {
    const records = new Map<string, ContainerRecord>();
    for (const file of filesIn(join(this.directory, podUid))) {
      if (!file.endsWith('.json')) continue;
      const text = readFileSync(join(this.directory, podUid, file), 'utf8');
      records.set(file.slice(0, -'.json'.length), JSON.parse(text) as ContainerRecord);
    }
    return records;
  }

  remove(podUid: string): void {
    rmSync(join(this.directory, podUid), { recursive: true, force: true });
  }

  podUids(): string[] {
    return filesIn(this.directory);
  }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
