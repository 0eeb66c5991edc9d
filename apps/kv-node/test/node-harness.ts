import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { kvnodeV1 } from '@penstock/contracts';
import type { ObjectStore } from '@penstock/core/ports';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  type RunningService,
  runService,
  systemClock,
} from '@penstock/platform';
import { FakeObjectStore } from '@penstock/testing';
import { config } from '../src/config.js';
import { KvNodeModule, providePorts } from '../src/kv-node.module.js';
import { type FileSystem, nodeFileSystem } from '../src/tiers/file-system.js';
import type { TestChunk } from './chunks.js';
import { fastFolder } from './fast-folder.js';

export const { TIER_CPU, TIER_SSD, TIER_S3, TIER_UNSPECIFIED } = kvnodeV1.Tier;

export type Methods = {
  WatchInventory: { request: object; response: kvnodeV1.WatchInventoryResponse };
  Adopt: { request: { chunks: kvnodeV1.WrittenChunk[] }; response: kvnodeV1.AdoptResponse };
  Move: { request: { moves: Array<Partial<kvnodeV1.ChunkMove>> }; response: kvnodeV1.MoveResponse };
  Verify: { request: { copies: kvnodeV1.CopyRef[] }; response: kvnodeV1.VerifyResponse };
  Stats: { request: object; response: kvnodeV1.StatsResponse };
};

export interface HarnessOptions {
  readonly fs?: FileSystem;
  readonly objects?: ObjectStore | undefined;
  readonly flags?: readonly string[];
}

/** A kv-node in this process, over real folders and gRPC. Its folders outlive it, so that it can be started again. */
export class NodeHarness {
  readonly home = fastFolder('penstock-kv-node-');
  readonly cpu = join(this.home, 'cpu');
  readonly ssd = join(this.home, 'ssd');
  readonly objects = new FakeObjectStore();
  service!: RunningService;
  client!: GrpcClient<Methods>;

  async start({
    fs = nodeFileSystem,
    objects = this.objects,
    flags = [],
  }: HarnessOptions = {}): Promise<void> {
    const own = [
      '--node=node-1',
      `--cpu-dir=${this.cpu}`,
      '--cpu-capacity=1Mi',
      `--ssd-dir=${this.ssd}`,
      '--ssd-capacity=1Mi',
      '--grpc-port=0',
      '--metrics-port=0',
      '--log-level=silent',
    ];
    const loaded = loadConfig(config, [...own, ...flags], {});
    const module = KvNodeModule.with(providePorts(() => ({ fs, objects, clock: systemClock })));
    this.service = await runService({ config, module, grpc: { services: ['kvnode'] } }, loaded as never);
    this.client = createGrpcClient<Methods>({
      proto: 'kvnode',
      service: 'KvNodeService',
      address: `127.0.0.1:${this.service.listeners.grpc}`,
    });
  }

  async stop(): Promise<void> {
    this.client?.close();
    await this.service?.stop();
  }

  /** Stops it and removes its folders. */
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  root(tier: kvnodeV1.Tier): string {
    return tier === TIER_CPU ? this.cpu : this.ssd;
  }

  async adopt(...chunks: readonly TestChunk[]): Promise<kvnodeV1.AdoptResult[]> {
    const wanted = chunks.map(({ hash, keys }) => ({ hash, scope: 'ns/pool', blockKeys: keys }));
    return (await this.client.call('Adopt', { chunks: wanted }, { deadlineMs: 20_000 })).results;
  }

  async move(...moves: Array<Partial<kvnodeV1.ChunkMove>>): Promise<kvnodeV1.MoveResult[]> {
    return (await this.client.call('Move', { moves }, { deadlineMs: 20_000 })).results;
  }

  async verify(...copies: Array<Partial<kvnodeV1.CopyRef>>): Promise<string[]> {
    const whole = copies.map((copy) => ({ path: '', tier: TIER_CPU, sizeBytes: '0', crc32: 0, ...copy }));
    return (await this.client.call('Verify', { copies: whole }, { deadlineMs: 20_000 })).problems;
  }

  /** The whole inventory as a new follower gets it. */
  async list(): Promise<kvnodeV1.ChunkCopy[]> {
    const copies: kvnodeV1.ChunkCopy[] = [];
    const aborter = new AbortController();
    const options = { deadlineMs: 20_000, signal: aborter.signal };
    for await (const part of this.client.stream('WatchInventory', {}, options)) {
      copies.push(...part.stored);
      if (!part.listing) break;
    }
    aborter.abort();
    return copies;
  }

  /** Whether a tier's folder has exactly these bytes. */
  async has(tier: kvnodeV1.Tier, chunk: TestChunk): Promise<boolean> {
    const bytes = await readFile(join(this.root(tier), chunk.path)).catch(() => undefined);
    if (bytes === undefined) return false;
    if (crc32(bytes) !== chunk.crc32) throw new Error(`wrong bytes at ${chunk.path}`);
    return true;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.service.listeners.metrics}/metrics`)).text();
  }

  async ready(): Promise<{ status: string; checks: Array<{ name: string; ok: boolean; detail?: string }> }> {
    const answer = await fetch(`http://127.0.0.1:${this.service.listeners.metrics}/readyz`);
    return (await answer.json()) as never;
  }
}
