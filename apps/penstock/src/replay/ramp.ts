import { podCliqueKind } from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { generateRamp } from '@penstock/core/twin';
import { plainTable } from '../plain-table.js';
import { readyEngines } from '../suite/ready-engines.js';
import type { SuiteRecord } from '../suite/state.js';
import { waitUntil } from '../suite/wait-until.js';
import { type CapacitySample, CapacityTimeline } from './capacity-timeline.js';
import { runReplay } from './run-replay.js';
import type { ReplaySummary } from './summary.js';
import type { TraceRequest } from './trace.js';

/** What a load ramp did to the fleet. */
export interface RampResult {
  readonly summary: ReplaySummary;
  readonly timeline: CapacityTimeline;
  /** Engines before the ramp. */
  readonly base: number;
  /** Why this is not what a ramp should do; empty when engines were added and taken away again and nothing failed. */
  readonly problems: readonly string[];
}

/**
 * Requests a second for each engine at the peak. Requests of 6,000 + 1,000 tokens, a third of the prompt shared, keep
 * 5,000 tokens of KV cache for 40 s and more: this is about a third more than what an engine with 307,328 can hold.
 */
const PEAK_PER_ENGINE = 1.8;
const OUTPUT_TOKENS = 1000;
const LOW_PER_ENGINE = 0.1;
/** How long the fleet may take to shrink again once the load is gone, wall time. */
const SHRINK_TIMEOUT_MS = 300_000;

/** Requests of a ramp for a fleet of this size. Virtual seconds; the same seed gives the same requests. */
export function rampRequests(engines: number, seed: number): TraceRequest[] {
  return generateRamp({
    seed,
    outputTokens: OUTPUT_TOKENS,
    lowPerSecond: engines * LOW_PER_ENGINE,
    peakPerSecond: engines * PEAK_PER_ENGINE,
    riseSeconds: 60,
    holdSeconds: 60,
    fallSeconds: 30,
  });
}

export interface RampRun {
  readonly cluster: Cluster;
  readonly record: SuiteRecord;
  readonly requests: readonly TraceRequest[];
  readonly policy: string;
  readonly source: string;
  readonly writePrompt: (request: TraceRequest, ordinal: number) => string;
  readonly onProgress?: (done: number, failed: number) => void;
  readonly signal?: AbortSignal;
}

/** Sends the ramp, watches the fleet grow, and waits until it has shrunk to where it was. */
export async function runRamp(run: RampRun): Promise<RampResult> {
  const { cluster, record, requests, signal } = run;
  const sample = () => capacityNow(cluster, record);
  const base = (await sample()).ready;
  let ended = 0;
  const startedAtMs = performance.now();
  const sent = () => {
    const nowMs = (performance.now() - startedAtMs) * record.speed;
    return requests.filter(({ timestampMs }) => timestampMs <= nowMs).length;
  };
  const timeline = new CapacityTimeline(sample, () => Math.max(0, sent() - ended), record.speed);
  timeline.start();
  const problems: string[] = [];
  try {
    const summary = await runReplay({
      ...run,
      frontDoor: record.urls.frontDoor,
      model: record.model,
      speed: record.speed,
      onOutcome: () => {
        ended += 1;
      },
    });
    if (summary.failures > 0) problems.push(`${summary.failures} requests failed`);
    if (timeline.peak.ready <= base) problems.push(`no engine was added to the ${base} there were`);
    await waitUntil(
      `the way back to ${base} engines`,
      async () => {
        const { wanted, ready } = await sample();
        return wanted === base && ready === base;
      },
      SHRINK_TIMEOUT_MS,
      signal,
    ).catch((error: Error) => {
      signal?.throwIfAborted();
      problems.push(error.message);
    });
    return { summary, timeline, base, problems };
  } finally {
    await timeline.stop();
  }
}

/** What the autoscaler wants of the laptop's engines, and how many can take requests. */
async function capacityNow(cluster: Cluster, { namespace, pool }: SuiteRecord): Promise<CapacitySample> {
  const scale = await cluster.readScale(podCliqueKind as never, namespace, `${pool}-0-engine`);
  if (!scale) throw new Error(`there is no PodClique ${namespace}/${pool}-0-engine`);
  return { wanted: scale.replicas, ready: await readyEngines(cluster, namespace) };
}

/** The way of the fleet, for people. */
export function printRamp({ timeline, base, problems }: RampResult): string {
  const table = plainTable(['at', 'engines wanted', 'engines ready', 'requests in flight']);
  for (const { atSeconds, wanted, ready, inFlight } of timeline.changes)
    table.push([`${atSeconds.toFixed(0)} s`, wanted, ready, inFlight]);
  const verdict =
    problems.length === 0
      ? `${base} engines, ${timeline.peak.ready} at the peak, ${base} again; no request failed`
      : problems.map((problem) => `PROBLEM: ${problem}`).join('\n');
  return `${table.toString()}\n${verdict}`;
}
