import type { BlockLedger } from './block-ledger.js';
import type { SkipReason } from './engine-cache-counters.js';
import type { StoredEvent } from './engine-events.js';

/** A file that an engine wrote to the storage of its node. */
export interface StoredFile {
  /** Whole digest of the last block in lower-case hexadecimal: it names the file. */
  readonly hash: string;
  /** Our keys of all its blocks, in prompt order. */
  readonly keys: BigUint64Array;
}

/** Collects the files that an engine announces until they are taken, for those who look after storage. */
export class StoredFiles {
  private files: StoredFile[] = [];

  get length(): number {
    return this.files.length;
  }

  /** Takes an announcement in; returns why it is of no use. */
  add({ fileDigest, hashes }: StoredEvent, ledger: BlockLedger): SkipReason | undefined {
    if (!fileDigest || hashes.length === 0) return 'file-unnamed';
    const keys = new BigUint64Array(hashes.length);
    for (let i = 0; i < hashes.length; i++) {
      const key = ledger.rememberedKeyOf(hashes[i] as bigint);
      if (key === undefined) return 'file-unknown-block';
      keys[i] = key;
    }
    this.files.push({ hash: hexOf(fileDigest), keys });
    return undefined;
  }

  take(): readonly StoredFile[] {
    const { files } = this;
    this.files = [];
    return files;
  }
}

function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
