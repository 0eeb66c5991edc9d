import type { EndpointView, LoadLedger } from '@penstock/core/routing';
import { mayServe, type PoolChoice } from './choose-pool.js';
import type { FleetEndpoint } from './fleet.js';

export interface ViewOptions {
  /** Engines that failed the request already, with the reason. */
  readonly avoid?: ReadonlyMap<string, string>;
  /** Nothing better will come: a draining engine, or one that could not be reached a moment ago, is better than none. */
  readonly lastResort?: boolean;
}

/** The endpoints of a choice as a policy sees them: scraped figures, their age, and the load reserved here. */
export function endpointViews(
  { pool, targetModel }: PoolChoice,
  ledger: LoadLedger,
  { avoid, lastResort }: ViewOptions,
  nowMs: number,
): EndpointView[] {
  const views = pool.endpoints.map((endpoint) => view(endpoint, targetModel, ledger, avoid, nowMs));
  if (!lastResort || views.some((v) => v.excluded === undefined)) return views;
  for (const reason of ['draining', 'unreachable']) {
    const isLeft = (v: EndpointView, i: number) =>
      v.excluded === reason &&
      !avoid?.has(v.id) &&
      mayServe((pool.endpoints[i] as FleetEndpoint).servedModels, targetModel);
    if (views.some(isLeft)) return views.map((v, i) => (isLeft(v, i) ? { ...v, excluded: undefined } : v));
  }
  return views;
}

function view(
  endpoint: FleetEndpoint,
  targetModel: string,
  ledger: LoadLedger,
  avoid: ReadonlyMap<string, string> | undefined,
  nowMs: number,
): EndpointView {
  const { address, waiting, running, kvUsage, kvCapacityTokens, scrapedAtMs } = endpoint;
  const load = ledger.load(address);
  const excluded =
    endpoint.excluded ??
    avoid?.get(address) ??
    (mayServe(endpoint.servedModels, targetModel) ? undefined : 'wrong-model');
  return {
    id: address,
    ...(excluded === undefined ? {} : { excluded }),
    waiting,
    running,
    kvUsage,
    kvCapacityTokens,
    metricsAgeMs: scrapedAtMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - scrapedAtMs),
    // Copied: the ledger's own object changes while the decision is kept on record.
    inFlightRequests: load.inFlightRequests,
    inFlightPrefillTokens: load.inFlightPrefillTokens,
    inFlightTokens: load.inFlightTokens,
    unseenRequests: load.unseenRequests,
    unseenTokens: load.unseenTokens,
  };
}

/** Age of the oldest load figures among the eligible endpoints, in milliseconds; Infinity when one has none. */
export function oldestMetricsMs(views: readonly EndpointView[]): number {
  let ageMs = 0;
  for (const each of views) if (each.excluded === undefined) ageMs = Math.max(ageMs, each.metricsAgeMs);
  return ageMs;
}
