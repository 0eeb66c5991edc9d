import { packU64 } from '@penstock/contracts';
import type { EventBus } from '@penstock/core/ports';
import type { StorageTier } from '@penstock/core/tiering';
import type { Logger } from 'pino';
import type { KvOffloadMetrics } from '../metrics.js';
import { parseScope } from './scope.js';

/** One copy made, removed, or found gone. */
export interface MoveRecord {
  readonly path: string;
  readonly scope: string;
  readonly keys: BigUint64Array;
  /** Node that has, or had, the copy; undefined when only S3 is concerned. */
  readonly node: string | undefined;
  /** Undefined: written by an engine. */
  readonly from: StorageTier | undefined;
  /** Undefined: removed. */
  readonly to: StorageTier | undefined;
  readonly bytes: number;
  readonly durationMs: number;
  /** Why, in one word. */
  readonly reason: string;
}

/** Totals of one way, since the term began. */
export interface MoveTotals {
  readonly from: StorageTier | undefined;
  readonly to: StorageTier | undefined;
  chunks: number;
  bytes: number;
  failed: number;
}

/** About half of what an event may have. */
const MAX_KEYS = 64_000;

interface Group {
  readonly record: MoveRecord;
  readonly keys: BigUint64Array[];
  keyCount: number;
  bytes: number;
  durationMs: number;
}

/** Counts what moved and why, logs it, and tells it as `tier.moved`, many chunks at a time. */
export class MoveLog {
  private readonly totals = new Map<string, MoveTotals>();
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly bus: EventBus,
    private readonly logger: Logger,
    private readonly metrics: KvOffloadMetrics,
  ) {}

  all(): MoveTotals[] {
    return [...this.totals.values()];
  }

  done(record: MoveRecord): void {
    const { path, scope, node, from, to, bytes, reason, keys, durationMs } = record;
    this.logger.debug({ path, node, from, to, bytes, reason, durationMs }, 'moved');
    this.metrics.countMove(from, to, reason, bytes);
    const totals = this.totalsOf(from, to);
    totals.chunks++;
    totals.bytes += bytes;
    const name = JSON.stringify([scope, node, from, to, reason]);
    const group = this.groups.get(name) ?? { record, keys: [], keyCount: 0, bytes: 0, durationMs: 0 };
    this.groups.set(name, group);
    group.keys.push(keys);
    group.keyCount += keys.length;
    group.bytes += bytes;
    group.durationMs = Math.max(group.durationMs, durationMs);
    if (group.keyCount < MAX_KEYS) return;
    this.groups.delete(name);
    this.publish(group);
  }

  failed(record: Omit<MoveRecord, 'bytes' | 'durationMs'>, problem: string, message: string): void {
    const { path, node, from, to, reason } = record;
    this.logger.debug({ path, node, from, to, reason, outcome: problem, message }, 'not moved');
    this.metrics.countFailure(from, to, problem);
    this.totalsOf(from, to).failed++;
  }

  /** Publishes what was gathered. */
  publishAll(): void {
    for (const group of this.groups.values()) this.publish(group);
    this.groups.clear();
  }

  private publish({ record, keys, keyCount, bytes, durationMs }: Group): void {
    const { scope, node, from, to, reason } = record;
    const ref = parseScope(scope);
    if (!ref) return;
    const all = new BigUint64Array(keyCount);
    let at = 0;
    for (const each of keys) {
      all.set(each, at);
      at += each.length;
    }
    const data = {
      ...(node !== undefined && { node }),
      ...{ from: from ?? null, to: to ?? null, reason, keys: packU64(all), bytes, durationMs },
    };
    this.bus.publish({ type: 'tier.moved', ...ref, data });
  }

  private totalsOf(from: StorageTier | undefined, to: StorageTier | undefined): MoveTotals {
    const name = `${from} ${to}`;
    const totals = this.totals.get(name) ?? { from, to, chunks: 0, bytes: 0, failed: 0 };
    this.totals.set(name, totals);
    return totals;
  }
}
