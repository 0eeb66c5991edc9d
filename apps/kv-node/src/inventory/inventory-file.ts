import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { FolderTier } from '../tiers/tier-name.js';
import type { CopyRecord } from './copy-record.js';

const FILE = 'inventory.sqlite';
const LAYOUT = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS copies (
    tier TEXT NOT NULL, path TEXT NOT NULL, size_bytes INTEGER NOT NULL, crc32 INTEGER,
    scope TEXT NOT NULL, keys BLOB NOT NULL, last_used_ms INTEGER NOT NULL, PRIMARY KEY (tier, path)
  ) WITHOUT ROWID;`;

interface Row {
  readonly tier: FolderTier;
  readonly path: string;
  readonly size_bytes: number;
  readonly crc32: number | null;
  readonly scope: string;
  readonly keys: Uint8Array;
  readonly last_used_ms: number;
}

export interface OpenedInventoryFile {
  readonly file: InventoryFile;
  /** Why the file that was there could not be used; it lies beside with the ending `.damaged`. */
  readonly damage?: string;
}

/**
 * The inventory on disk: SQLite in WAL mode. A change outlives the process when it returns; a power failure may lose the
 * last ones, as waiting for the device would stop everything else meanwhile. What it says about copies can be had from
 * the files again, except keys and scope; so a damaged one is put aside and begun anew.
 */
export class InventoryFile {
  private readonly upsert: StatementSync;
  private readonly erase: StatementSync;

  private constructor(private readonly database: DatabaseSync) {
    this.upsert = database.prepare(
      'INSERT OR REPLACE INTO copies (tier, path, size_bytes, crc32, scope, keys, last_used_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.erase = database.prepare('DELETE FROM copies WHERE tier = ? AND path = ?');
  }

  /** @throws Error naming the folder when it cannot be written, or another process has it open */
  static open(folder: string): OpenedInventoryFile {
    const path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new Error(
        `the folder of the inventory ${folder} cannot be made (${codeOf(error)}); see --data-dir`,
      );
    }
    try {
      return { file: InventoryFile.connect(path) };
    } catch (error) {
      const said = (error as Error).message;
      if (/locked|busy/i.test(said)) {
        throw new Error(`another kv-node uses ${path}; stop it, or give this one its own --data-dir`);
      }
      if (!/malformed|not a database|layout/i.test(said)) {
        throw new Error(`the inventory ${path} cannot be opened (${said}); see --data-dir`);
      }
      renameSync(path, `${path}.damaged`);
      for (const part of ['-wal', '-shm']) rmSync(path + part, { force: true });
      return { file: InventoryFile.connect(path), damage: said };
    }
  }

  private static connect(path: string): InventoryFile {
    const database = new DatabaseSync(path);
    try {
      // Exclusive: the files of a tier have one master, and a dead one leaves no lock.
      database.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL',
      );
      database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
      const { quick_check: health } = database.prepare('PRAGMA quick_check(1)').get() as {
        quick_check: string;
      };
      if (health !== 'ok') throw new Error(`malformed: ${health}`);
      const file = new InventoryFile(database);
      const layout = file.fact('layout') ?? LAYOUT;
      if (layout !== LAYOUT) throw new Error(`layout ${layout} is not ${LAYOUT}`);
      file.setFact('layout', LAYOUT);
      return file;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  all(): CopyRecord[] {
    const rows = this.database.prepare('SELECT * FROM copies').all() as unknown as Row[];
    return rows.map((row) => ({
      path: row.path,
      tier: row.tier,
      sizeBytes: row.size_bytes,
      crc32: row.crc32 ?? undefined,
      scope: row.scope,
      keys: row.keys,
      lastUsedMs: row.last_used_ms,
    }));
  }

  put({ tier, path, sizeBytes, crc32, scope, keys, lastUsedMs }: CopyRecord): void {
    this.upsert.run(tier, path, sizeBytes, crc32 ?? null, scope, keys, Math.round(lastUsedMs));
  }

  remove(tier: FolderTier, path: string): void {
    this.erase.run(tier, path);
  }

  /** All of what `work` changes, or nothing of it; may be nested. */
  batch<T>(work: () => T): T {
    if (this.database.isTransaction) return work();
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  fact(name: string): number | undefined {
    const row = this.database.prepare('SELECT value FROM facts WHERE name = ?').get(name);
    return (row as { value: number } | undefined)?.value;
  }

  setFact(name: string, value: number): void {
    this.database.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)').run(name, value);
  }

  close(): void {
    this.database.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
