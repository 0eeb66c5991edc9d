import type { StepOutcome } from '../engine-model/index.js';
import { quantile } from './quantile.js';
import type { StageResult } from './stage-result.js';
import type { TwinRequest } from './twin-request.js';
import { WeightedHistogram } from './weighted-histogram.js';

/** Counters of all engines together, before and after a stage. */
export interface FleetCounters {
  readonly queryTokens: number;
  readonly hitTokens: number;
  readonly preemptions: number;
}

/** Collects the figures of one stage. */
export class StageRecorder {
  private readonly ttftMs: number[] = [];
  private readonly itlMs = new WeightedHistogram();
  private readonly perEngine: number[];
  private outputTokens = 0;
  private lastCompletionMs = Number.NaN;
  completed = 0;

  constructor(
    private readonly name: string,
    private readonly startMs: number,
    engines: number,
  ) {
    this.perEngine = new Array<number>(engines).fill(0);
  }

  routed(engine: number): void {
    this.perEngine[engine]!++;
  }

  /** A step of an engine ended at `nowMs`; the one before it had ended at `previousMs`. */
  step(outcome: StepOutcome<TwinRequest>, previousMs: number, nowMs: number): void {
    const { started, resumed, finished, preempted } = outcome;
    this.outputTokens += outcome.tokenCount;
    // Everyone who decoded in this step also got a token at the end of the one before.
    const decoded = outcome.tokenCount - started.length - resumed.length;
    if (decoded > 0) this.itlMs.add(nowMs - previousMs, decoded);
    // A victim's newest token came out at the end of the step before the one that preempted it.
    for (const request of preempted) request.lastTokenMs = previousMs;
    for (const request of resumed) this.itlMs.add(nowMs - request.lastTokenMs);
    for (const request of started) this.ttftMs.push(nowMs - request.arrivedMs);
    if (finished.length > 0) {
      this.completed += finished.length;
      this.lastCompletionMs = nowMs;
    }
  }

  result(before: FleetCounters, after: FleetCounters): StageResult {
    const ttft = Float64Array.from(this.ttftMs).sort();
    const endMs = this.completed > 0 ? this.lastCompletionMs : this.startMs;
    const queries = after.queryTokens - before.queryTokens;
    return {
      name: this.name,
      requests: this.completed,
      outputTokens: this.outputTokens,
      startMs: this.startMs,
      endMs,
      outputTokensPerSecond: endMs > this.startMs ? (this.outputTokens / (endMs - this.startMs)) * 1000 : 0,
      ttftMs: {
        mean: ttft.reduce((sum, t) => sum + t, 0) / ttft.length,
        p50: quantile(ttft, 0.5),
        p90: quantile(ttft, 0.9),
        p99: quantile(ttft, 0.99),
      },
      itlMs: { p50: this.itlMs.quantile(0.5), p90: this.itlMs.quantile(0.9), p99: this.itlMs.quantile(0.99) },
      hitRatio: queries > 0 ? (after.hitTokens - before.hitTokens) / queries : 0,
      preemptions: after.preemptions - before.preemptions,
      sharePerEngine: this.perEngine.map((count) => (this.completed > 0 ? count / this.completed : 0)),
      ttftSamplesMs: ttft,
    };
  }
}
