import { type EventData, unpackU64 } from '@penstock/contracts';
import { isStorageHolder } from '@penstock/core/kv';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import { type ChunkLedger, planPromotions } from '@penstock/core/tiering';
import type { Logger } from 'pino';
import type { KvOffloadMetrics } from '../metrics.js';
import type { MovePlanner } from './move-planner.js';
import type { MoveRunner } from './move-runner.js';
import { scopeOf } from './scope.js';

type Decided = EventData<'routing.decided'>;
type Delta = EventData<'kv.delta'>;
type Snapshot = EventData<'kv.snapshot'>;

export interface UseFeedOptions {
  readonly bus: EventBus;
  readonly ledger: ChunkLedger;
  readonly planner: MovePlanner;
  readonly runner: MoveRunner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: KvOffloadMetrics;
  readonly promotionMaxChunks: number;
  readonly promotionMaxInFlight: number;
  readonly useSpacingMs: number;
  /** Somebody, perhaps we ourselves, spoke for storage. */
  readonly onHolder: (holder: string, incarnation: number, source: string) => void;
}

/** A decision older than this says nothing about what an engine is about to read. */
const FRESH_MS = 10_000;
/** Engines whose node is remembered. */
const MAX_ENGINES = 20_000;

/** Learns from the other services which chunks are used, and brings from S3 what a request will need. */
export class UseFeed {
  private readonly nodeOf = new Map<string, string>();
  private subscriptions: Subscription[] = [];

  constructor(private readonly options: UseFeedOptions) {}

  /** Needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, logger } = this.options;
    const onGap = () => logger.warn('uses of chunks may have been missed');
    // What all engines hold is not read only to be dropped.
    const wantsKey = (key: string | undefined) => key !== undefined && isStorageHolder(key);
    this.subscriptions = await Promise.all([
      bus.follow<Decided>({ types: ['routing.decided'], from: 'new', onGap }, (event) => this.decided(event)),
      bus.follow<Delta>({ types: ['kv.delta'], from: 'new', onGap }, (event) => this.changed(event)),
      bus.follow<Snapshot>({ types: ['kv.snapshot'], from: 'last-per-subject', onGap, wantsKey }, (event) =>
        this.heard(event.data, event.source),
      ),
    ]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.stop()));
  }

  private decided({ namespace, pool, data }: IncomingEvent<Decided>): void {
    const { engine, node, loads = [], decidedAtMs } = data;
    if (engine === undefined || node === undefined) return;
    this.remember(engine, node);
    const scope = scopeOf({ namespace, pool });
    const nowMs = this.options.clock.nowMs();
    for (const { tier, keys: packed } of loads) {
      const keys = unpackU64(packed);
      this.touch(scope, keys, nowMs, node, 0);
      if (tier === 's3' && nowMs - (decidedAtMs ?? nowMs) < FRESH_MS) this.promote(scope, node, keys);
    }
  }

  private changed({ namespace, pool, source, data }: IncomingEvent<Delta>): void {
    const { clock, useSpacingMs } = this.options;
    const scope = scopeOf({ namespace, pool });
    for (const delta of data.deltas) {
      this.heard(delta, source);
      const stored = storedOnGpu(delta);
      if (!stored) continue;
      const node = this.nodeOf.get(delta.engine);
      this.touch(scope, unpackU64(stored), clock.nowMs(), node, useSpacingMs);
    }
  }

  private heard({ engine, incarnation }: Delta['deltas'][number] | Snapshot, source: string): void {
    if (isStorageHolder(engine)) this.options.onHolder(engine, incarnation, source);
  }

  /** The end of a prefix first, so that it counts as older than its beginning. */
  private touch(
    scope: string,
    keys: BigUint64Array,
    nowMs: number,
    node: string | undefined,
    spacingMs: number,
  ): void {
    const { ledger, metrics } = this.options;
    const used = new Map<string, number>();
    for (const key of keys) {
      for (const path of ledger.pathsWith(scope, key)) {
        if (used.has(path)) continue;
        const copies = ledger.chunk(path)?.copies ?? [];
        used.set(path, Math.max(...copies.map(({ lastUsedMs }) => lastUsedMs)));
      }
    }
    for (const [path, lastUsedMs] of [...used].reverse()) {
      const counts = nowMs - lastUsedMs >= spacingMs;
      ledger.touch(path, nowMs, node, counts);
      if (counts) metrics.uses.inc();
    }
  }

  private promote(scope: string, node: string, keys: BigUint64Array): void {
    const { ledger, planner, runner, metrics, promotionMaxChunks, promotionMaxInFlight } = this.options;
    const free = promotionMaxInFlight - runner.promotionsTo(node);
    const limits = { maxChunks: Math.min(promotionMaxChunks, free), roomBytes: planner.roomBytes(node) };
    const moves = planPromotions(ledger, scope, node, keys, limits);
    for (const move of moves) {
      if (runner.spared.has(move.path) || !runner.start(move)) break;
      metrics.promotions.inc();
    }
    runner.pump();
  }

  private remember(engine: string, node: string): void {
    this.nodeOf.delete(engine);
    this.nodeOf.set(engine, node);
    if (this.nodeOf.size > MAX_ENGINES) this.nodeOf.delete(this.nodeOf.keys().next().value as string);
  }
}

/** Packed keys that an engine computed anew: nobody else has a GPU. A hybrid model's windows are parts of them. */
function storedOnGpu({ changes }: Delta['deltas'][number]): string | undefined {
  return changes.find(({ tier, window }) => tier === 'gpu' && !window)?.stored || undefined;
}
