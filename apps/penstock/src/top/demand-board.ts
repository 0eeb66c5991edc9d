import type { EventData } from '@penstock/contracts';

type Report = EventData<'demand.reported'>;
export type EngineLoad = NonNullable<Report['engines']>[number];

export interface PoolDemand {
  /** `<namespace>/<name>`. */
  readonly pool: string;
  readonly inFlight: number;
  /** Waiting in the schedulers for an engine. */
  readonly held: number;
}

interface Entry {
  readonly atMs: number;
  readonly pool: string;
  readonly report: Report;
}

/** The newest report of every scheduler about every model. One that has stopped is forgotten after `keepMs`. */
export class DemandBoard {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly keepMs: number) {}

  add(pool: string, report: Report, atMs: number): void {
    const { scheduler, model, class: serviceClass, role } = report;
    this.entries.set([pool, scheduler, model, serviceClass, role].join('\n'), { atMs, pool, report });
  }

  prune(nowMs: number): void {
    for (const [key, { atMs }] of this.entries) if (atMs < nowMs - this.keepMs) this.entries.delete(key);
  }

  get size(): number {
    return this.entries.size;
  }

  /** All schedulers together. */
  pools(): PoolDemand[] {
    const groups = Map.groupBy(this.entries.values(), ({ pool }) => pool);
    return Array.from(groups, ([pool, entries]) => ({
      pool,
      inFlight: entries.reduce((sum, { report }) => sum + report.inFlight, 0),
      held: entries.reduce((sum, { report }) => sum + (report.held ?? 0), 0),
    })).sort((a, b) => a.pool.localeCompare(b.pool));
  }

  /** Load of every engine as the scheduler with the freshest figures sees it. */
  engines(): Array<EngineLoad & { readonly pool: string }> {
    const freshest = new Map<string, EngineLoad & { pool: string }>();
    for (const { pool, report } of this.entries.values()) {
      for (const load of report.engines ?? []) {
        const known = freshest.get(load.engine);
        if (!known || load.metricsAgeMs < known.metricsAgeMs) freshest.set(load.engine, { ...load, pool });
      }
    }
    return [...freshest.values()];
  }
}
