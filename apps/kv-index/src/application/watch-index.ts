import type { KvDelta, ReadableIndex } from '@penstock/core/kv';
import type { EngineContents } from '@penstock/platform';
import type { ChangeFeed } from './change-feed.js';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { EngineDirectory, KnownEngine } from './known-engine.js';
import { describeEngine, type EngineReport } from './list-engines.js';
import { WatchQueue } from './watch-queue.js';

export interface WatchSource {
  readonly index: ReadableIndex;
  readonly directory: EngineDirectory;
  readonly feed: ChangeFeed;
  /** Calls back with what an engine holds: what the feed told before is in there, what it tells later comes on top. */
  readonly contents: (
    engineId: string,
    withKeys: boolean,
    onContents: (contents: EngineContents) => void,
  ) => void;
  /** This replica. */
  readonly self: string;
}

export interface WatchOptions extends PoolFilter {
  readonly includeBlocks: boolean;
  /** Events and keys that wait for a slow reader at most. */
  readonly maxWaiting?: number;
}

/** A part of what an engine holds. */
export interface StatePart extends EngineContents {
  readonly engineId: string;
  readonly first: boolean;
  readonly last: boolean;
}

export type WatchEvent =
  | { readonly begin: { readonly replica: string } }
  | { readonly engine: EngineReport }
  | { readonly state: StatePart }
  | { readonly complete: Record<string, never> }
  | { readonly change: KvDelta }
  | { readonly left: { readonly engineId: string } }
  | { readonly lagged: { readonly skippedChanges: number } };

/** 4 MB of keys. */
const MAX_WAITING = 524_288;
/** 32 MB, for who is told numbers only and so reads faster than keys come. */
const MAX_WAITING_FOR_NUMBERS = 8 * MAX_WAITING;
/** Blocks per message: 8 bytes each. */
const PART_BLOCKS = 32_768;
/** Time between two looks for engines that came, left or changed their state. */
const STATUS_INTERVAL_MS = 200;

/** Everything known of a pool's engines and then every change, as it is applied here, until the signal comes. */
export async function* watchIndex(
  source: WatchSource,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { maxWaiting = options.includeBlocks ? MAX_WAITING : MAX_WAITING_FOR_NUMBERS } = options;
  for (let skipped = 0; !signal.aborted; ) {
    if (skipped > 0) yield { lagged: { skippedChanges: skipped } };
    const queue = new WatchQueue(source.feed, maxWaiting);
    try {
      yield { begin: { replica: source.self } };
      yield* new Watcher(source, options, queue).run(signal);
    } finally {
      queue.close();
    }
    skipped = queue.skipped;
  }
}

/** One beginning and what follows, until changes had to be left out. */
class Watcher {
  /** Engines told of, with what was said of their status. */
  private readonly told = new Map<string, string>();

  constructor(
    private readonly source: WatchSource,
    private readonly options: WatchOptions,
    private readonly queue: WatchQueue,
  ) {}

  async *run(signal: AbortSignal): AsyncGenerator<WatchEvent> {
    yield* this.statuses();
    yield { complete: {} };
    while (!signal.aborted && this.queue.skipped === 0) {
      await this.queue.wait(STATUS_INTERVAL_MS, signal);
      yield* this.changes();
      yield* this.statuses();
    }
  }

  private async *changes(): AsyncGenerator<WatchEvent> {
    for (let event = this.queue.take(); event; event = this.queue.take()) {
      if (event.kind === 'change') yield { change: event.delta };
      else yield* await this.state(event.engineId);
    }
  }

  private async *statuses(): AsyncGenerator<WatchEvent> {
    const { index, directory, self } = this.source;
    const engines = enginesOf(directory.engines(), this.options);
    const present = new Set(engines.map(({ engineId }) => engineId));
    for (const engineId of this.told.keys()) {
      if (present.has(engineId)) continue;
      this.told.delete(engineId);
      this.queue.forget(engineId);
      yield { left: { engineId } };
    }
    for (const engine of engines) {
      const known = this.told.get(engine.engineId);
      const status = statusOf(engine);
      if (known === status) continue;
      this.told.set(engine.engineId, status);
      yield { engine: describeEngine(index, engine, self) };
      if (known !== undefined) continue;
      yield* await this.state(engine.engineId);
      yield* this.changes();
    }
  }

  private async state(engineId: string): Promise<WatchEvent[]> {
    const { tiers, ...position } = await new Promise<EngineContents>((resolve) => {
      this.source.contents(engineId, this.options.includeBlocks, (contents) => {
        this.queue.begin(engineId);
        resolve(contents);
      });
    });
    const parts = tiers.flatMap(({ tier, window, keys }) =>
      Array.from({ length: Math.ceil(keys.length / PART_BLOCKS) }, (_, i) => [
        { tier, window, keys: keys.subarray(i * PART_BLOCKS, (i + 1) * PART_BLOCKS) },
      ]),
    );
    if (parts.length === 0) parts.push([]);
    return parts.map((part, i) => ({
      state: { engineId, ...position, tiers: part, first: i === 0, last: i === parts.length - 1 },
    }));
  }
}

function statusOf(engine: KnownEngine): string {
  const { state, model, blockSize, incarnation, replica, endpoint, publishesEvents } = engine;
  const isOurs = engine.cache !== undefined;
  return JSON.stringify([
    state,
    model,
    blockSize,
    incarnation,
    replica,
    endpoint.address,
    publishesEvents,
    isOurs,
  ]);
}
