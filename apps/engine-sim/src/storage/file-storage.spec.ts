import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BlockHasher } from '@penstock/engine';
import { BlockChain } from '../engine/block-chain.js';
import type { Generation } from '../engine/generation.js';
import { FileStorage } from './file-storage.js';
import { StorageCounters } from './storage-counters.js';

const hasher = new BlockHasher({ blockSize: 16 });
let root: string;
let storage: FileStorage;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'penstock-storage-'));
  storage = new FileStorage({
    tiers: [{ rootDir: root, link: { bytesPerSecond: 1e9, latencyMs: 2 } }],
    blocksPerChunk: 2,
    bytesPerBlock: 8,
    trueBytesPerChunk: 3e6,
    model: 'm',
    digest: '0123456789ab',
    counters: new StorageCounters(),
    onError: (error) => {
      throw error;
    },
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Of a request, what storage looks at. */
function request(seed: number, blocks: number): Generation {
  const tokens = Uint32Array.from({ length: blocks * 16 }, (_, i) => seed + i);
  return {
    chain: new BlockChain(hasher, {}, tokens, blocks),
    promptBlocks: new Float64Array(blocks),
  } as unknown as Generation;
}
const storeAll = async (chunks: number): Promise<void> => {
  for (let i = 0; i < 500 && storage.counters.storedChunks < chunks; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('FileStorage', () => {
  it('offers what is there with its time, once per request, and loads it', async () => {
    storage.store(request(1, 6), 0, 3);
    await storeAll(3);
    expect([...storage.offer(request(1, 6), 0, 3)]).toEqual([5, 8, 11]);
    expect([...storage.offer(request(1, 6), 1, 3)]).toEqual([5, 8]);
    expect(storage.load(request(1, 6), 1, 2)).toBe(2);
    expect(storage.counters).toMatchObject({ storedBytes: 9e6, loadedBytes: 6e6, loadMs: 8 });
    const early = request(2, 2);
    expect(storage.offer(early, 0, 1)).toHaveLength(0);
    storage.store(request(2, 2), 0, 1);
    await storeAll(4);
    expect(storage.offer(early, 0, 1)).toHaveLength(0);
    expect(storage.offer(request(2, 2), 0, 1)).toHaveLength(1);
  });

  it('loads up to the file that went after it was looked up, and forgets it for this request', async () => {
    storage.store(request(1, 6), 0, 3);
    await storeAll(3);
    const asking = request(1, 6);
    expect(storage.offer(asking, 0, 3)).toHaveLength(3);
    const [, second] = storage.describe(asking.chain, 6);
    rmSync(join(root, second!.path));
    expect(storage.load(asking, 0, 3)).toBe(1);
    expect(storage.counters).toMatchObject({ missingChunks: 1, loadedChunks: 1, shortChunks: 0 });
    expect(storage.offer(asking, 0, 3)).toHaveLength(1);
  });

  it('drops stores that the disk cannot keep up with, and leaves no temporary file when it closes', async () => {
    const chunks = 4_200;
    storage.store(request(1, chunks * 2), 0, chunks);
    const dropped = storage.counters.droppedStores;
    expect(dropped).toBe(chunks - 4_096 - 4);
    await storage.close();
    expect(storage.counters.storedChunks + storage.counters.droppedStores).toBe(chunks);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(files.filter((name) => name.endsWith('.bin'))).toHaveLength(storage.counters.storedChunks);
  });
});
