import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { chunkLoadTimes, type SecondaryCache } from '@penstock/core/engine-model';
import type { TierLink } from '@penstock/core/tiering';
import { chunkPath, type PublishedStored } from '@penstock/engine';
import type { BlockChain } from '../engine/block-chain.js';
import type { CacheEventFeed } from '../engine/cache-event-feed.js';
import type { Generation } from '../engine/generation.js';
import { areChunkBytes } from './chunk-bytes.js';
import { type ChunkToWrite, ChunkWriter } from './chunk-writer.js';
import type { StorageCounters } from './storage-counters.js';

export interface FileStorageOptions {
  /** Folders in the order of lookup; the first is stored to. */
  readonly tiers: ReadonlyArray<{ readonly rootDir: string; readonly link: TierLink }>;
  readonly blocksPerChunk: number;
  /** Of the simulated files. */
  readonly bytesPerBlock: number;
  /** Of the engine that is simulated: what loads take time for. */
  readonly trueBytesPerChunk: number;
  readonly model: string;
  /** Of the layout: see `layoutDigest`. */
  readonly digest: string;
  readonly counters: StorageCounters;
  /** Absent: stored files are not announced. */
  readonly feed?: CacheEventFeed;
  readonly onError: (error: unknown) => void;
}

/** Where a chunk was found; absent when it was not looked up yet. */
type Verdict = number | 'miss';
type ChunkProblem = 'missingChunks' | 'shortChunks' | 'wrongChunks';

/**
 * The files of vLLM's fs tiers as the engine model's secondary cache. Files are looked up when a request is admitted,
 * once per request; a load reads them and checks every byte; stores happen in the background and are announced when
 * the file is in place. Whatever anybody else does to the files is seen by the next request.
 */
export class FileStorage implements SecondaryCache<Generation> {
  readonly blocksPerChunk: number;
  readonly counters: StorageCounters;
  private readonly verdicts = new WeakMap<Generation, Verdict[]>();
  private readonly writer: ChunkWriter;
  private announcements: PublishedStored[] = [];
  /** One byte more than a chunk, to see files that are too long. */
  private readonly buffer: Buffer;

  constructor(private readonly options: FileStorageOptions) {
    const { tiers, bytesPerBlock, counters, onError } = options;
    this.blocksPerChunk = options.blocksPerChunk;
    this.counters = counters;
    this.buffer = Buffer.allocUnsafeSlow(options.blocksPerChunk * bytesPerBlock + 1);
    const roots = tiers.map(({ rootDir }) => rootDir);
    const onStored = (chunk: ChunkToWrite) => this.stored(chunk);
    this.writer = new ChunkWriter({ roots, bytesPerBlock, counters, onStored, onError });
  }

  offer(request: Generation, firstChunk: number, endChunk: number): Float64Array {
    const links: TierLink[] = [];
    for (let chunk = firstChunk; chunk < endChunk; chunk++) {
      const tier = this.lookUp(request, chunk);
      if (tier === 'miss') break;
      links.push(this.options.tiers[tier]!.link);
    }
    return chunkLoadTimes(links, this.options.trueBytesPerChunk);
  }

  load(request: Generation, firstChunk: number, chunks: number): number {
    const times = this.offer(request, firstChunk, firstChunk + chunks);
    let loaded = 0;
    while (loaded < chunks && this.read(request, firstChunk + loaded)) loaded++;
    this.counters.loadedChunks += loaded;
    this.counters.loadedBytes += loaded * this.options.trueBytesPerChunk;
    this.counters.loadMs += loaded === 0 ? 0 : times[loaded - 1]!;
    return loaded;
  }

  store(request: Generation, firstChunk: number, endChunk: number): void {
    for (let chunk = firstChunk; chunk < endChunk; chunk++) {
      const path = this.pathOf(request, chunk);
      // The chain's buffer lives as long as the request: copies, so that waiting chunks hold little.
      const digests = this.digestsOf(request, chunk).map((digest) => Buffer.from(digest));
      this.writer.add({ path, digests });
    }
  }

  /** Path of every whole chunk of a prompt and the tier that has it now, for people. */
  describe(chain: BlockChain, blocks: number): Array<{ path: string; tier: number | null }> {
    const { tiers } = this.options;
    const chunks = Math.floor(blocks / this.blocksPerChunk);
    return Array.from({ length: chunks }, (_, chunk) => {
      const path = this.pathOf({ chain }, chunk);
      const tier = tiers.findIndex(({ rootDir }) => existsSync(join(rootDir, path)));
      return { path, tier: tier < 0 ? null : tier };
    });
  }

  /** Gives up stores that have not begun. */
  async close(): Promise<void> {
    await this.writer.close();
    this.announce();
  }

  private lookUp(request: Generation, chunk: number): Verdict {
    const verdicts = this.verdictsOf(request);
    const known = verdicts[chunk];
    if (known !== undefined) return known;
    const path = this.pathOf(request, chunk);
    const tier = this.options.tiers.findIndex(({ rootDir }) => existsSync(join(rootDir, path)));
    const verdict = tier < 0 ? 'miss' : tier;
    verdicts[chunk] = verdict;
    return verdict;
  }

  private verdictsOf(request: Generation): Verdict[] {
    const known = this.verdicts.get(request);
    if (known) return known;
    const verdicts: Verdict[] = [];
    this.verdicts.set(request, verdicts);
    return verdicts;
  }

  /** Whether the chunk is there as it was written; if not, it is a miss from now on for this request. */
  private read(request: Generation, chunk: number): boolean {
    const tier = this.lookUp(request, chunk);
    if (tier === 'miss') return false;
    const problem = this.problemOf(request, chunk, this.options.tiers[tier]!.rootDir);
    if (problem === undefined) return true;
    this.counters[problem]++;
    this.verdictsOf(request)[chunk] = 'miss';
    return false;
  }

  private problemOf(request: Generation, chunk: number, rootDir: string): ChunkProblem | undefined {
    const { bytesPerBlock } = this.options;
    let length: number;
    try {
      length = readInto(this.buffer, join(rootDir, this.pathOf(request, chunk)));
    } catch {
      return 'missingChunks';
    }
    const sizeBytes = this.blocksPerChunk * bytesPerBlock;
    if (length !== sizeBytes) return 'shortChunks';
    const bytes = this.buffer.subarray(0, sizeBytes);
    return areChunkBytes(bytes, this.digestsOf(request, chunk), bytesPerBlock) ? undefined : 'wrongChunks';
  }

  private digestsOf({ chain }: Generation, chunk: number): Buffer[] {
    const first = chunk * this.blocksPerChunk;
    return Array.from({ length: this.blocksPerChunk }, (_, i) => chain.digest(first + i));
  }

  private pathOf({ chain }: Pick<Generation, 'chain'>, chunk: number): string {
    const { model, digest } = this.options;
    const hash = chain.digest((chunk + 1) * this.blocksPerChunk - 1).toString('hex');
    return chunkPath({ model, digest, rank: 0, group: 0, hash });
  }

  private stored({ digests }: ChunkToWrite): void {
    const { counters, trueBytesPerChunk, tiers, feed } = this.options;
    counters.storedChunks++;
    counters.storedBytes += trueBytesPerChunk;
    counters.storeMs += chunkLoadTimes([tiers[0]!.link], trueBytesPerChunk)[0]!;
    if (!feed) return;
    if (this.announcements.length === 0) setImmediate(() => this.announce());
    // As vLLM announces its storage tiers: hashes only, a placeholder for everything else.
    this.announcements.push({
      type: 'stored',
      hashes: digests,
      parent: null,
      tokenIds: [],
      blockSize: 0,
      medium: 'STORAGE',
      groupIdx: 0,
    });
  }

  private announce(): void {
    const events = this.announcements;
    if (events.length === 0) return;
    this.announcements = [];
    this.options.feed?.publish(events);
  }
}

/** Reads the beginning of a file; returns how many bytes, fewer than there is room when the file ends. */
function readInto(buffer: Buffer, file: string): number {
  const descriptor = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    return length;
  } finally {
    closeSync(descriptor);
  }
}
