import { setTimeout as sleep } from 'node:timers/promises';
import { MetricSeries } from '@penstock/engine';
import { metricsText } from './metrics-text.js';
import type { SuiteRecord } from './state.js';

/** Counters of all schedulers together. */
export interface TrafficTotals {
  readonly requests: number;
  readonly inFlight: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** Cumulative counts of time to first token by upper bound in seconds. */
  readonly ttftBuckets: ReadonlyMap<number, number>;
}

const EVERY_MS = 2000;
const EVERY_MS_WITHOUT_TERMINAL = 30_000;

/** Prints one line about the traffic, again and again, until `signal` aborts. */
export async function runStatusLine(record: SuiteRecord, signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY;
  const everyMs = terminal ? EVERY_MS : EVERY_MS_WITHOUT_TERMINAL;
  let before = await totals(record).catch(() => undefined);
  let beforeMs = performance.now();
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const now = await totals(record).catch(() => undefined);
    const nowMs = performance.now();
    const line =
      now && before
        ? statusLine(before, now, nowMs - beforeMs, record.speed)
        : 'the schedulers do not answer';
    process.stdout.write(terminal ? `\r\x1b[2K${line}` : `${line}\n`);
    [before, beforeMs] = [now ?? before, nowMs];
  }
}

/** One line for people: requests per second (wall), TTFT (virtual), share of prompt tokens served from cache. */
export function statusLine(
  before: TrafficTotals,
  now: TrafficTotals,
  elapsedMs: number,
  speed: number,
): string {
  const rate = Math.max(0, now.requests - before.requests) / (elapsedMs / 1000);
  const prompts = now.promptTokens - before.promptTokens;
  const hits =
    prompts > 0 ? `${(((now.cachedTokens - before.cachedTokens) / prompts) * 100).toFixed(0)} %` : '–';
  const p50 = medianBound(before.ttftBuckets, now.ttftBuckets);
  const ttft =
    p50 === undefined ? '–' : `≤ ${(p50 * speed).toPrecision(2)} s${speed === 1 ? '' : ' (virtual)'}`;
  return `${rate.toFixed(1)} req/s · TTFT p50 ${ttft} · prefix hits ${hits} · ${now.inFlight} in flight · ${now.requests} requests so far`;
}

/** Upper bound of the bucket that holds the median of what came between two readings. */
function medianBound(
  before: ReadonlyMap<number, number>,
  now: ReadonlyMap<number, number>,
): number | undefined {
  const bounds = [...now.keys()].sort((a, b) => a - b);
  const counts = bounds.map((bound) => (now.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const total = counts.at(-1) ?? 0;
  if (total <= 0) return undefined;
  const bound = bounds[counts.findIndex((count) => count >= total / 2)];
  return bound === Number.POSITIVE_INFINITY ? bounds.at(-2) : bound;
}

async function totals(record: SuiteRecord): Promise<TrafficTotals> {
  const pages = await Promise.all(record.urls.schedulerMetrics.map(metricsText));
  return readTotals(pages.join('\n'));
}

const PREFIX = 'penstock_scheduler_';
const TTFT_BUCKETS = `${PREFIX}time_to_first_token_seconds_bucket`;
const SUMMED = [
  'requests_total',
  'in_flight_requests',
  'prompt_tokens_total',
  'cached_tokens_total',
] as const;
const NAMES = new Set([TTFT_BUCKETS, ...SUMMED.map((name) => PREFIX + name)]);

/** Sums the schedulers' metrics of one or several pages of Prometheus text. */
export function readTotals(text: string): TrafficTotals {
  const series = new MetricSeries(text, NAMES);
  const ttftBuckets = new Map<number, number>();
  for (const { labels, value } of series.get(TTFT_BUCKETS)) {
    const bound = labels?.['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels?.['le']);
    ttftBuckets.set(bound, (ttftBuckets.get(bound) ?? 0) + Number(value));
  }
  const sum = (name: (typeof SUMMED)[number]) =>
    series.get(PREFIX + name).reduce((total, { value }) => total + Number(value), 0);
  return {
    requests: sum('requests_total'),
    inFlight: sum('in_flight_requests'),
    promptTokens: sum('prompt_tokens_total'),
    cachedTokens: sum('cached_tokens_total'),
    ttftBuckets,
  };
}
