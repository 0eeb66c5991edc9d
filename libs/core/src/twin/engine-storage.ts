import { chunkLoadTimes, type LoadLink, type SecondaryCache } from '../engine-model/index.js';
import type { FleetStorage } from './fleet-storage.js';
import { SerialLink } from './serial-link.js';
import type { TwinRequest } from './twin-request.js';

/** A fleet's storage as one of its engines sees it: the CPU and SSD tiers of its node. */
export class EngineStorage implements SecondaryCache<TwinRequest> {
  private readonly storeLink: SerialLink;

  constructor(
    private readonly storage: FleetStorage,
    readonly node: number,
    readonly blocksPerChunk: number,
  ) {
    this.storeLink = new SerialLink(storage.links.cpuToGpu);
  }

  offer(request: TwinRequest, firstChunk: number, endChunk: number): Float64Array {
    const { storage, node } = this;
    const { cpuToGpu, ssdToGpu } = storage.links;
    const disk: LoadLink = { ...ssdToGpu, latencyMs: ssdToGpu.latencyMs + storage.diskWaitMs(node) };
    const links: LoadLink[] = [];
    for (let chunk = firstChunk; chunk < endChunk; chunk++) {
      const tier = storage.tierOf(node, this.pathOf(request, chunk));
      if (!tier) break;
      links.push(tier === 'cpu' ? cpuToGpu : disk);
    }
    return chunkLoadTimes(links, storage.chunkBytes);
  }

  load(request: TwinRequest, firstChunk: number, chunks: number): number {
    this.storage.load(this.node, this.pathsOf(request, firstChunk, firstChunk + chunks));
    return chunks;
  }

  store(request: TwinRequest, firstChunk: number, endChunk: number): void {
    this.storage.store(this.node, this.pathsOf(request, firstChunk, endChunk), this.storeLink);
  }

  /** Names of chunks of a prompt, before `endChunk`. */
  pathsOf(request: TwinRequest, firstChunk: number, endChunk: number): string[] {
    return Array.from({ length: endChunk - firstChunk }, (_, i) => this.pathOf(request, firstChunk + i));
  }

  private pathOf({ promptBlocks }: TwinRequest, chunk: number): string {
    return String(promptBlocks[(chunk + 1) * this.blocksPerChunk - 1]);
  }
}
