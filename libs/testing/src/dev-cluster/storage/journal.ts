import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ApiObject } from '../object/api-object.js';
import { parseJsonLines } from './json-lines.js';

/** One line of the journal: the state an object got, or the last state of a deleted one. */
export interface JournalEntry {
  readonly rv: number;
  readonly op: 'put' | 'del';
  readonly res: string;
  readonly obj: ApiObject;
}

interface SnapshotHead {
  readonly rv: number;
  readonly objects: number;
}

export interface JournalContents {
  /** Revision of the snapshot: changes up to it are no longer known one by one. */
  readonly snapshotRevision: number;
  readonly snapshot: readonly JournalEntry[];
  readonly entries: readonly JournalEntry[];
}

export interface JournalOptions {
  /** Waits for the disk on every change; otherwise the page cache is enough to survive a killed process. */
  readonly fsync?: boolean;
  /** The journal is folded into a snapshot when it grows past this. */
  readonly compactAtBytes?: number;
}

/** Append-only record of every change, beside a snapshot: `snapshot.jsonl` and `journal.jsonl` in one folder. */
export class Journal {
  readonly contents: JournalContents;
  private readonly directory: string;
  private readonly fsync: boolean;
  private readonly compactAtBytes: number;
  private readonly fd: number;
  private sizeBytes: number;

  /** @throws Error naming file and line when a line other than a torn last one cannot be read */
  constructor(directory: string, options: JournalOptions = {}) {
    this.directory = directory;
    this.fsync = options.fsync ?? false;
    this.compactAtBytes = options.compactAtBytes ?? 8 * 1024 * 1024;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const journalPath = join(directory, 'journal.jsonl');
    this.fd = openSync(journalPath, 'a+', 0o600);
    const snapshot = readSnapshot(join(directory, 'snapshot.jsonl'));
    const { lines, validBytes } = parseJsonLines<JournalEntry>(readFileSync(journalPath), journalPath);
    if (fstatSync(this.fd).size > validBytes) ftruncateSync(this.fd, validBytes);
    this.sizeBytes = validBytes;
    // A crash between snapshot and truncation leaves entries the snapshot already holds.
    this.contents = { ...snapshot, entries: lines.filter((entry) => entry.rv > snapshot.snapshotRevision) };
  }

  get wantsCompaction(): boolean {
    return this.sizeBytes > this.compactAtBytes;
  }

  /** Returns when the change would survive the death of this process. @throws the write error, with nothing recorded */
  append(entry: JournalEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.fd, line, written);
      if (this.fsync) fsyncSync(this.fd);
    } catch (error) {
      // A disk that fills up may have taken part of the line; what follows must not be glued to it.
      ftruncateSync(this.fd, this.sizeBytes);
      throw error;
    }
    this.sizeBytes += line.length;
  }

  /** Writes all objects as the new snapshot, then empties the journal. A crash in between is harmless. */
  compact(revision: number, objects: readonly JournalEntry[]): void {
    const path = join(this.directory, 'snapshot.jsonl');
    const head: SnapshotHead = { rv: revision, objects: objects.length };
    const lines = [head, ...objects].map((line) => JSON.stringify(line));
    const fd = openSync(`${path}.new`, 'w', 0o600);
    try {
      writeSync(fd, `${lines.join('\n')}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${path}.new`, path);
    ftruncateSync(this.fd, 0);
    this.sizeBytes = 0;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function readSnapshot(path: string): Pick<JournalContents, 'snapshotRevision' | 'snapshot'> {
  if (!existsSync(path)) return { snapshotRevision: 0, snapshot: [] };
  const { lines } = parseJsonLines<SnapshotHead | JournalEntry>(readFileSync(path), path);
  const [head, ...snapshot] = lines as [SnapshotHead | undefined, ...JournalEntry[]];
  if (!head || head.objects !== snapshot.length) {
    throw new Error(`${path} is incomplete; move the data directory away to start with an empty cluster`);
  }
  return { snapshotRevision: head.rv, snapshot };
}
