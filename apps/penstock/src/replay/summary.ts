import { build, type Histogram } from 'hdr-histogram-js';
import type { CompletionOutcome } from './completion-client.js';

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Result of one replay. Every duration is virtual: wall time × speed. */
export interface ReplaySummary {
  readonly policy: string;
  readonly source: string;
  readonly speed: number;
  readonly requests: number;
  readonly failures: number;
  /** First few distinct failures, with how often each came. */
  readonly failureReasons: Readonly<Record<string, number>>;
  readonly connectionRetries: number;
  readonly virtualSeconds: number;
  readonly ttftMs: Percentiles;
  readonly interTokenMs: Percentiles;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly outputTokensPerSecond: number;
  /** Prompt tokens that engines served from cache ÷ all prompt tokens. */
  readonly prefixHitRatio: number;
  readonly shareByEngine: Readonly<Record<string, number>>;
}

/** Collects outcomes while a replay runs. */
export class ReplayRecorder {
  private readonly ttft: Histogram = histogram();
  private readonly gaps: Histogram = histogram();
  private readonly reasons = new Map<string, number>();
  private readonly engines = new Map<string, number>();
  private requests = 0;
  private failures = 0;
  private retries = 0;
  private promptTokens = 0;
  private cachedTokens = 0;
  private outputTokens = 0;

  constructor(private readonly speed: number) {}

  /** `tokens` tokens arrived `gapMs` (wall) after one another. */
  gap(gapMs: number, tokens: number): void {
    this.gaps.recordValueWithCount(Math.max(1, Math.round(gapMs * this.speed * 1000)), tokens);
  }

  outcome(outcome: CompletionOutcome): void {
    this.requests += 1;
    this.retries += outcome.retries;
    if (outcome.failure !== undefined) {
      this.failures += 1;
      const reason = outcome.failure.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>');
      if (this.reasons.size < 10 || this.reasons.has(reason))
        this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
      return;
    }
    if (outcome.ttftMs !== undefined)
      this.ttft.recordValue(Math.max(1, Math.round(outcome.ttftMs * this.speed * 1000)));
    this.promptTokens += outcome.promptTokens;
    this.cachedTokens += outcome.cachedTokens;
    this.outputTokens += outcome.outputTokens;
    this.engines.set(outcome.endpoint, (this.engines.get(outcome.endpoint) ?? 0) + 1);
  }

  get done(): number {
    return this.requests;
  }

  get failed(): number {
    return this.failures;
  }

  summary(about: { policy: string; source: string; wallSeconds: number }): ReplaySummary {
    const virtualSeconds = about.wallSeconds * this.speed;
    const ok = this.requests - this.failures;
    return {
      policy: about.policy,
      source: about.source,
      speed: this.speed,
      requests: this.requests,
      failures: this.failures,
      failureReasons: Object.fromEntries(this.reasons),
      connectionRetries: this.retries,
      virtualSeconds,
      ttftMs: percentiles(this.ttft),
      interTokenMs: percentiles(this.gaps),
      promptTokens: this.promptTokens,
      outputTokens: this.outputTokens,
      outputTokensPerSecond: this.outputTokens / virtualSeconds,
      prefixHitRatio: this.promptTokens === 0 ? 0 : this.cachedTokens / this.promptTokens,
      shareByEngine: Object.fromEntries(
        [...this.engines].sort().map(([engine, n]) => [engine, n / Math.max(1, ok)]),
      ),
    };
  }
}

/** Microseconds, up to a day, three digits. */
function histogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 86_400_000_000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
  });
}

function percentiles(recorded: Histogram): Percentiles {
  const ms = (p: number) => (recorded.totalCount === 0 ? 0 : recorded.getValueAtPercentile(p) / 1000);
  return { p50: ms(50), p90: ms(90), p99: ms(99) };
}
