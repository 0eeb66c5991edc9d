import type { DemandReport } from './demand-report.js';
import { type EngineFacts, isUsable } from './engine-facts.js';
import type { PoolDemand } from './pool-demand.js';
import { RecentTokens } from './recent-tokens.js';

/** Reports of a scheduler replica that fell silent are forgotten after this long. */
const FORGET_MS = 10 * 60_000;
const MAX_SOURCES = 10_000;

interface Source {
  readonly scheduler: string;
  readonly model: string;
  readonly report: DemandReport;
  readonly engines: readonly EngineFacts[];
  readonly badEngines: number;
  readonly atMs: number;
  readonly tokens: RecentTokens;
}

/** The reports on one pool. */
export class PoolWindow {
  /** By scheduler and model. */
  private readonly sources = new Map<string, Source>();
  private newestMs = Number.NEGATIVE_INFINITY;
  /** Since when reports came without a break. */
  private observedSinceMs = 0;
  private activeAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly staleMs: number) {}

  /** Takes a report, or says why not; engines in it whose figures make no sense are left out. */
  add(report: DemandReport, atMs: number): { refused?: 'out-of-order' | 'too-many'; badEngines: number } {
    const { scheduler, model } = report;
    const key = `${scheduler} ${model}`;
    const known = this.sources.get(key);
    if (known && known.atMs >= atMs) return { refused: 'out-of-order', badEngines: 0 };
    if (!known && this.sources.size >= MAX_SOURCES) return { refused: 'too-many', badEngines: 0 };
    const engines = (report.engines ?? []).filter(isUsable);
    const badEngines = (report.engines?.length ?? 0) - engines.length;
    const tokens = known?.tokens ?? new RecentTokens();
    tokens.add(atMs, report.requests, report.promptTokens, report.outputTokens);
    this.sources.set(key, { scheduler, model, report, engines, badEngines, atMs, tokens });
    this.observe(report, engines, atMs);
    for (const [id, source] of this.sources) {
      if (atMs - source.atMs > FORGET_MS) this.sources.delete(id);
    }
    return { badEngines };
  }

  view(nowMs: number, model: string | undefined): PoolDemand {
    const dropped: Record<string, number> = {};
    const drop = (reason: string, count = 1) => {
      if (count > 0) dropped[reason] = (dropped[reason] ?? 0) + count;
    };
    const fresh: Source[] = [];
    for (const source of this.sources.values()) {
      if (nowMs - source.atMs > this.staleMs) drop('stale-report');
      else fresh.push(source);
    }
    const engines = new Map<string, EngineFacts>();
    for (const { engines: facts, badEngines, atMs } of fresh.sort(byScheduler)) {
      drop('bad-engine', badEngines);
      for (const engine of facts) {
        const aged = { ...engine, ageMs: engine.ageMs + nowMs - atMs };
        const known = engines.get(engine.engine);
        if (!known || aged.ageMs < known.ageMs) engines.set(engine.engine, aged);
      }
    }
    const current = [...engines.values()].filter((engine) => engine.ageMs <= this.staleMs);
    drop('stale-engine', engines.size - current.length);
    const counted = fresh.filter((source) => model === undefined || source.model === model);
    const sum = (of: (report: DemandReport) => number) =>
      counted.reduce((total, { report }) => total + of(report), 0);
    const means = RecentTokens.meansOf(
      [...this.sources.values()]
        .filter((source) => model === undefined || source.model === model)
        .map((source) => source.tokens),
      nowMs,
    );
    return {
      schedulers: new Set(fresh.map((source) => source.scheduler)).size,
      reportAgeMs: Math.max(0, nowMs - this.newestMs),
      requests: sum((report) => report.requests),
      requestsPerSecond: sum((report) => (1000 * report.requests) / Math.max(1, report.intervalMs)),
      inFlight: sum((report) => report.inFlight),
      held: sum((report) => report.held),
      heldTokens: sum((report) => report.heldTokens),
      ...(means ? { meanInputTokens: means.input, meanOutputTokens: means.output } : {}),
      idleForMs: Math.max(0, nowMs - Math.max(this.observedSinceMs, this.activeAtMs)),
      engines: current.sort((a, b) => (a.engine < b.engine ? -1 : 1)),
      dropped,
    };
  }

  private observe(report: DemandReport, engines: readonly EngineFacts[], atMs: number): void {
    // Requests may have come and gone while nobody reported: idleness starts anew.
    if (!(atMs - this.newestMs <= this.staleMs)) this.observedSinceMs = atMs;
    this.newestMs = Math.max(this.newestMs, atMs);
    const busy = engines.some((engine) => engine.waiting + engine.running > 0);
    if (busy || report.requests + report.inFlight + report.held > 0)
      this.activeAtMs = Math.max(this.activeAtMs, atMs);
  }
}

const byScheduler = (a: Source, b: Source): number =>
  a.scheduler === b.scheduler ? (a.model < b.model ? -1 : 1) : a.scheduler < b.scheduler ? -1 : 1;
