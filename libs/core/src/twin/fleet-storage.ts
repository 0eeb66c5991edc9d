import TinyQueue from 'tinyqueue';
import {
  ChunkLedger,
  DemotionPlanner,
  type Place,
  type PlaceCapacity,
  type PlannedMove,
  planPromotions,
  S3,
  type StorageTier,
} from '../tiering/index.js';
import { SerialLink } from './serial-link.js';
import type { StorageView } from './storage-view.js';
import type { TierFigures, TierHop } from './tier-figures.js';
import { DEFAULT_TWIN_LINKS, type TierLinks, type TierOptions } from './tier-options.js';

interface Event {
  readonly atMs: number;
  readonly ordinal: number;
  readonly happen: () => void;
}

/** The links of one node. */
interface NodeLinks {
  readonly cpuToSsd: SerialLink;
  readonly toS3: SerialLink;
  readonly fromS3: SerialLink;
  readonly diskRead: SerialLink;
}

const SCOPE = 'twin/twin';
/** Most moves of one plan, as kv-offload has it. */
const MAX_MOVES = 256;

export interface FleetStorageOptions extends TierOptions {
  readonly nodes: number;
  readonly chunkBytes: number;
  readonly view: StorageView;
}

/**
 * CPU, SSD and object store of a fleet in virtual time: kv-offload's ledger and planners decide, transfers take the time
 * of their links, and whoever asks sees what is true by then.
 */
export class FleetStorage {
  readonly links: TierLinks;
  readonly chunkBytes: number;
  readonly counts: Omit<
    TierFigures,
    'externalQueryTokens' | 'externalHitTokens' | 'loads' | 'loadsRefused'
  > & {
    readonly movedBytes: Record<TierHop, number>;
    readonly loadedChunks: Record<StorageTier, number>;
    readonly removedChunks: Record<StorageTier, number>;
    droppedStores: number;
  } = {
    movedBytes: {
      'gpu-cpu': 0,
      'cpu-ssd': 0,
      'ssd-s3': 0,
      'cpu-s3': 0,
      's3-cpu': 0,
      'cpu-gpu': 0,
      'ssd-gpu': 0,
    },
    loadedChunks: { cpu: 0, ssd: 0, s3: 0 },
    removedChunks: { cpu: 0, ssd: 0, s3: 0 },
    droppedStores: 0,
  };
  nowMs = 0;
  private readonly ledger = new ChunkLedger();
  private readonly planner: DemotionPlanner;
  private readonly capacities: readonly PlaceCapacity[];
  private readonly nodes: readonly NodeLinks[];
  private readonly events = new TinyQueue<Event>([], (a, b) => a.atMs - b.atMs || a.ordinal - b.ordinal);
  /** On the way from a GPU: `<node>/<path>`, and their bytes by node. */
  private readonly arriving = new Set<string>();
  private readonly arrivingBytes: Float64Array;
  /** Brought from S3 and not loaded yet: `<node>/<path>`. */
  private readonly promoted = new Set<string>();
  private ordinal = 0;
  private planning = false;
  private plannedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: FleetStorageOptions) {
    const { nodes, chunkBytes, cpuBytes, ssdBytes, s3Bytes } = options;
    const { highWatermark: high = 0.9, lowWatermark: low = 0.8, s3AdmissionUses = 2 } = options;
    if (!(cpuBytes >= chunkBytes)) {
      throw new Error(
        `FleetStorage: cpuBytes (${cpuBytes}) must hold at least one chunk of ${chunkBytes} bytes`,
      );
    }
    const links = { ...DEFAULT_TWIN_LINKS, ...options.links };
    this.links = links;
    this.chunkBytes = chunkBytes;
    this.planner = new DemotionPlanner({
      high,
      low,
      s3: s3Bytes !== undefined,
      s3AdmissionUses,
      maxMoves: MAX_MOVES,
    });
    const ordinals = Array.from({ length: nodes }, (_, node) => node);
    this.capacities = [
      ...ordinals.flatMap((node) => [
        { place: at('cpu', node), capacityBytes: cpuBytes },
        // 0 means no limit to the planner, no SSD here.
        ...(ssdBytes > 0 ? [{ place: at('ssd', node), capacityBytes: ssdBytes }] : []),
      ]),
      ...(s3Bytes === undefined ? [] : [{ place: S3, capacityBytes: s3Bytes }]),
    ];
    this.nodes = ordinals.map(() => ({
      cpuToSsd: new SerialLink(links.cpuToSsd),
      toS3: new SerialLink(links.ssdToS3),
      fromS3: new SerialLink(links.s3ToCpu),
      diskRead: new SerialLink({ ...links.ssdToGpu, latencyMs: 0 }),
    }));
    this.arrivingBytes = new Float64Array(nodes);
    for (const { place } of this.capacities) this.ledger.follow(place);
  }

  /** Lets everything happen that is due by `nowMs`. */
  advance(nowMs: number): void {
    for (let next = this.events.peek(); next && next.atMs <= nowMs; next = this.events.peek()) {
      this.events.pop();
      this.nowMs = next.atMs;
      next.happen();
      this.options.view.publish(this.ledger.takeChanges(), this.nowMs);
    }
    this.nowMs = nowMs;
  }

  /** The tier of a node from which its engines can load a chunk; undefined when it has none. */
  tierOf(node: number, path: string): 'cpu' | 'ssd' | undefined {
    if (this.has(path, at('cpu', node))) return 'cpu';
    return this.has(path, at('ssd', node)) ? 'ssd' : undefined;
  }

  /** How long a read of the node's disks that begins now waits for those before it. */
  diskWaitMs(node: number): number {
    return this.nodes[node]!.diskRead.waitMs(this.nowMs);
  }

  /** An engine of the node loads chunks, in prompt order. */
  load(node: number, paths: readonly string[]): void {
    for (const path of paths.toReversed()) {
      const tier = this.tierOf(node, path)!;
      if (tier === 'ssd') this.nodes[node]!.diskRead.send(this.nowMs, this.chunkBytes);
      this.counts.movedBytes[`${tier}-gpu`] += this.chunkBytes;
      this.counts.loadedChunks[this.promoted.delete(`${node}/${path}`) ? 's3' : tier]++;
      this.ledger.touch(path, this.nowMs, String(node), false);
    }
  }

  /** An engine of the node completed chunks, in prompt order; those that the node has not are stored over `link`. */
  store(node: number, paths: readonly string[], link: SerialLink): void {
    const missing: string[] = [];
    for (const path of paths.toReversed()) {
      if (this.tierOf(node, path)) this.ledger.touch(path, this.nowMs, String(node), true);
      else if (!this.arriving.has(`${node}/${path}`)) missing.push(path);
    }
    const place = at('cpu', node);
    const takenBytes = this.ledger.use(place).usedBytes + this.arrivingBytes[node]!;
    const room = Math.max(0, Math.floor((this.options.cpuBytes - takenBytes) / this.chunkBytes));
    // Ends of prompts come first in the list and are of no use without their beginnings.
    const taken = missing.slice(Math.max(0, missing.length - room));
    this.counts.droppedStores += missing.length - taken.length;
    if (taken.length === 0) return;
    const bytes = taken.length * this.chunkBytes;
    for (const path of taken) this.arriving.add(`${node}/${path}`);
    this.arrivingBytes[node]! += bytes;
    this.schedule(link.send(this.nowMs, bytes), () => {
      this.arrivingBytes[node]! -= bytes;
      this.counts.movedBytes['gpu-cpu'] += bytes;
      for (const path of taken) {
        this.arriving.delete(`${node}/${path}`);
        this.ledger.put(factsOf(path), place, this.copyFacts());
      }
      this.planSoon();
    });
  }

  /** A request with these chunks behind its GPU prefix was sent to an engine of the node. */
  routed(node: number, paths: readonly string[]): void {
    for (const path of paths.toReversed()) this.ledger.touch(path, this.nowMs, String(node), true);
    if (this.options.s3Bytes === undefined) return;
    const { highWatermark = 0.9, cpuBytes, maxPromotions: maxChunks = 64 } = this.options;
    const takenBytes = this.ledger.use(at('cpu', node)).usedBytes + this.arrivingBytes[node]!;
    const roomBytes = Math.max(0, highWatermark * cpuBytes - takenBytes);
    const keys = BigUint64Array.from(paths, BigInt);
    const moves = planPromotions(this.ledger, SCOPE, String(node), keys, { maxChunks, roomBytes });
    for (const move of moves) this.start(move);
  }

  /** Bytes at a place, for tests and figures. */
  usedBytes(place: Place): number {
    return this.ledger.use(place).usedBytes;
  }

  private planSoon(): void {
    if (this.planning) return;
    this.planning = true;
    const { planIntervalMs = 500 } = this.options;
    this.schedule(Math.max(this.nowMs, this.plannedMs + planIntervalMs), () => {
      this.planning = false;
      this.plannedMs = this.nowMs;
      for (const move of this.planner.plan(this.ledger, this.capacities)) this.start(move);
    });
  }

  private start(move: PlannedMove): void {
    const { path, from, to } = move;
    if (!to) {
      this.counts.removedChunks[from.tier]++;
      this.remove(path, from);
      return;
    }
    const reading = this.ledger.beginRead(path, from, move.removeSource);
    if (reading === undefined) return;
    const writing = this.ledger.beginWrite(path, to, this.copyFacts());
    if (writing === undefined) {
      this.ledger.endRead(path, from, reading);
      return;
    }
    this.schedule(this.linkOf(from, to).send(this.nowMs, move.bytes), () => {
      this.counts.movedBytes[`${from.tier}-${to.tier}` as TierHop] += move.bytes;
      const isFirst = this.ledger.commitWrite(path, to, writing);
      this.ledger.endRead(path, from, reading);
      if (isFirst && from.tier === 's3') this.promoted.add(`${to.node}/${path}`);
      if (move.removeSource) this.remove(path, from);
      this.planSoon();
    });
  }

  private remove(path: string, from: Place): void {
    if (from.tier === 'cpu') this.promoted.delete(`${from.node}/${path}`);
    const generation = this.ledger.beginDelete(path, from);
    if (generation !== undefined) this.ledger.drop(path, from, generation);
  }

  private linkOf(from: Place, to: Place): SerialLink {
    const node = this.nodes[Number(from.node ?? to.node)]!;
    if (from.tier === 's3') return node.fromS3;
    return to.tier === 's3' ? node.toS3 : node.cpuToSsd;
  }

  private has(path: string, place: Place): boolean {
    const state = this.ledger.copy(path, place)?.state;
    return state === 'valid' || state === 'reading';
  }

  private copyFacts() {
    return { sizeBytes: this.chunkBytes, crc32: 0, lastUsedMs: this.nowMs };
  }

  private schedule(atMs: number, happen: () => void): void {
    this.events.push({ atMs, ordinal: this.ordinal++, happen });
  }
}

const at = (tier: 'cpu' | 'ssd', node: number): Place => ({ tier, node: String(node) });

/** A chunk's only key is the content id of its last block, which stands for its whole prefix. */
const factsOf = (path: string) => ({ path, scope: SCOPE, keys: BigUint64Array.of(BigInt(path)) });
