import type { Clock, EventBus } from '@penstock/core/ports';
import { demandReports, type Held } from './demand-reports.js';
import type { DemandTally } from './demand-tally.js';
import type { Fleet, FleetPool } from './fleet.js';

const INTERVAL_MS = 1000;
/** Extra reports of one pool are at least this far apart. */
const MIN_EXTRA_MS = 250;

export interface ReportDemandDependencies {
  readonly bus: EventBus;
  readonly fleet: Fleet;
  readonly tally: DemandTally;
  readonly clock: Clock;
  /** What waits for an engine of a pool now, by target model. */
  readonly held: (namespace: string, pool: string) => ReadonlyMap<string, Held>;
  readonly scheduler: string;
}

/**
 * Publishes once a second, for every pool and base model, what clients asked for, what waits and what the engines do;
 * without traffic too, so that "no demand" and "no scheduler" look different.
 */
export class ReportDemand {
  private timer: NodeJS.Timeout | undefined;
  /** When each pool was reported last, and when last out of turn, by id. */
  private readonly reported = new Map<string, { atMs: number; extraAtMs: number }>();
  private startedAtMs = 0;

  constructor(private readonly deps: ReportDemandDependencies) {}

  start(): void {
    this.startedAtMs = this.deps.clock.nowMs();
    this.timer = setInterval(() => this.report(), INTERVAL_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.report();
  }

  report(): void {
    const { fleet, tally } = this.deps;
    const pools = new Map(fleet.pools().map((pool) => [`${pool.namespace}/${pool.name}`, pool]));
    for (const [namespace, name] of tally.poolIds()) {
      // The last answers of a pool that was deleted.
      const id = `${namespace}/${name}`;
      if (!pools.has(id)) pools.set(id, { namespace, name, endpoints: [] });
    }
    for (const [id, pool] of pools) this.publish(id, pool);
    for (const id of this.reported.keys()) if (!pools.has(id)) this.reported.delete(id);
  }

  /** Reports a pool out of turn, after the reply path: something waits there that did not before. */
  reportSoon(namespace: string, name: string): void {
    setImmediate(() => {
      const id = `${namespace}/${name}`;
      const pool = this.deps.fleet.pool(namespace, name);
      const nowMs = this.deps.clock.nowMs();
      const last = this.reported.get(id);
      if (!pool || (last && nowMs - last.extraAtMs < MIN_EXTRA_MS)) return;
      this.publish(id, pool);
      const state = this.reported.get(id);
      if (state) state.extraAtMs = nowMs;
    });
  }

  private publish(id: string, pool: FleetPool): void {
    const { bus, fleet, tally, clock, held, scheduler } = this.deps;
    const { namespace, name } = pool;
    const nowMs = clock.nowMs();
    const last = this.reported.get(id);
    const intervalMs = Math.round(
      Math.max(0, nowMs - (last?.atMs ?? Math.max(this.startedAtMs, nowMs - INTERVAL_MS))),
    );
    this.reported.set(id, { atMs: nowMs, extraAtMs: last?.extraAtMs ?? Number.NEGATIVE_INFINITY });
    const arrivals = tally.take(namespace, name);
    const facts = { pool, fleet, arrivals, held: held(namespace, name), nowMs, intervalMs, scheduler };
    for (const data of demandReports(facts)) {
      bus.publish({ type: 'demand.reported', namespace, pool: name, data });
    }
  }
}
