import type { DemandReport } from './demand-report.js';
import { isAmount } from './engine-facts.js';
import type { PoolDemand } from './pool-demand.js';
import { PoolWindow } from './pool-window.js';

export interface DemandWindowOptions {
  /** Reports and engine figures older than this are not used. */
  readonly staleMs: number;
  /** Most pools that are remembered. */
  readonly maxPools?: number;
}

/** Why a report, or an engine in it, was not taken. */
export type DropReason = 'bad-number' | 'bad-engine' | 'out-of-order' | 'stale-on-arrival' | 'too-many';

/**
 * The latest report of every scheduler replica, per pool and model, merged on demand.
 *
 * Taking a report twice, or an older one after a newer one, changes nothing. Bad data is dropped and counted; what
 * remains usable of a report is used.
 */
export class DemandWindow {
  private readonly pools = new Map<string, PoolWindow>();
  private readonly drops: Partial<Record<DropReason, number>> = {};

  constructor(private readonly options: DemandWindowOptions) {}

  /** What was dropped so far, by reason. */
  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return this.drops;
  }

  /**
   * Takes one report.
   * @param reportedAtMs when the publisher made it, by its clock
   * @returns whether it was taken
   */
  add(report: DemandReport, reportedAtMs: number, nowMs: number): boolean {
    const { intervalMs, requests, promptTokens, outputTokens, inFlight, held, heldTokens } = report;
    const counts = [intervalMs, requests, promptTokens, outputTokens, inFlight, held, heldTokens];
    if (!counts.every(isAmount)) return this.drop('bad-number');
    // A clock that runs ahead must not make a report fresh for longer than it is.
    const atMs = Math.min(reportedAtMs, nowMs);
    if (!(nowMs - atMs <= this.options.staleMs)) return this.drop('stale-on-arrival');
    const pool = this.pool(report.namespace, report.pool);
    if (!pool) return this.drop('too-many');
    const { refused, badEngines } = pool.add(report, atMs);
    if (badEngines > 0) this.drop('bad-engine', badEngines);
    return refused === undefined || this.drop(refused);
  }

  /**
   * Demand for a pool now; of one model only when given. Undefined for a pool that was never reported.
   * @param namespace namespace of the pool
   */
  view(namespace: string, pool: string, nowMs: number, model?: string): PoolDemand | undefined {
    return this.pools.get(`${namespace}/${pool}`)?.view(nowMs, model);
  }

  private pool(namespace: string, name: string): PoolWindow | undefined {
    const key = `${namespace}/${name}`;
    let pool = this.pools.get(key);
    if (!pool && this.pools.size < (this.options.maxPools ?? 10_000)) {
      pool = new PoolWindow(this.options.staleMs);
      this.pools.set(key, pool);
    }
    return pool;
  }

  private drop(reason: DropReason, count = 1): false {
    this.drops[reason] = (this.drops[reason] ?? 0) + count;
    return false;
  }
}
