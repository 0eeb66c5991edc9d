import type { EventData } from '@penstock/contracts';
import { UNKNOWN_AGE_MS } from './decision-record.js';
import type { Demand } from './demand-tally.js';
import type { Fleet, FleetEndpoint, FleetPool } from './fleet.js';

export type DemandReport = EventData<'demand.reported'>;

/** Requests that wait for an engine, of one target model. */
export interface Held {
  readonly requests: number;
  readonly tokens: number;
}

export interface DemandFacts {
  readonly pool: FleetPool;
  readonly fleet: Pick<Fleet, 'baseModels' | 'baseModelOf'>;
  /** Since the last report. */
  readonly arrivals: readonly Demand[];
  /** By target model. */
  readonly held: ReadonlyMap<string, Held>;
  readonly nowMs: number;
  readonly intervalMs: number;
  readonly scheduler: string;
}

/** Engines of one report; the schema of the event takes no more. */
const MAX_ENGINES = 5000;

/** One report per base model that the pool is known for or was asked for, with traffic or without. */
export function demandReports(facts: DemandFacts): DemandReport[] {
  const { pool, fleet, intervalMs, scheduler, nowMs } = facts;
  const models = fleet.baseModels(pool);
  const reports = new Map<string, Writable<DemandReport>>();
  const reportOf = (model: string) => {
    let report = reports.get(model);
    if (!report) {
      report = {
        model,
        class: 'standard',
        role: 'both',
        intervalMs,
        requests: 0,
        promptTokens: 0,
        uncachedTokens: 0,
        outputTokens: 0,
        inFlight: 0,
        held: 0,
        heldTokens: 0,
        engines: [],
        scheduler,
      };
      reports.set(model, report);
    }
    return report;
  };
  for (const model of models) reportOf(model);
  for (const demand of facts.arrivals) {
    const report = reportOf(fleet.baseModelOf(pool, demand.model));
    report.requests += demand.requests;
    report.promptTokens += demand.promptTokens;
    report.uncachedTokens += demand.uncachedTokens;
    report.outputTokens += demand.outputTokens;
    report.inFlight += demand.inFlight;
  }
  for (const [target, { requests, tokens }] of facts.held) {
    const report = reportOf(fleet.baseModelOf(pool, target));
    report.held = (report.held ?? 0) + requests;
    report.heldTokens = (report.heldTokens ?? 0) + tokens;
  }
  for (const endpoint of pool.endpoints) {
    // An engine that did not say yet what it serves counts for the model the pool is known for.
    const model = endpoint.baseModel ?? models[0];
    const engines = model === undefined ? undefined : reportOf(model).engines;
    if (engines && engines.length < MAX_ENGINES) engines.push(engineLoad(endpoint, nowMs));
  }
  return [...reports.values()];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Engines are not trusted to send sane figures: what the schema refuses would lose the whole report. */
function engineLoad(endpoint: FleetEndpoint, nowMs: number): NonNullable<DemandReport['engines']>[number] {
  const { engineId, role, answers, waiting, running, kvUsage, kvCapacityTokens, scrapedAtMs } = endpoint;
  const ageMs = scrapedAtMs === undefined ? UNKNOWN_AGE_MS : Math.max(0, nowMs - scrapedAtMs);
  return {
    engine: engineId,
    role,
    ready: answers,
    waiting: wholeNumber(waiting),
    running: wholeNumber(running),
    kvUsage: Math.round(Math.min(1, Math.max(0, kvUsage || 0)) * 10_000) / 10_000,
    kvCapacityTokens: wholeNumber(kvCapacityTokens),
    metricsAgeMs: Math.round(Math.min(ageMs, UNKNOWN_AGE_MS)),
  };
}

const wholeNumber = (value: number): number =>
  Number.isFinite(value) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value))) : 0;
