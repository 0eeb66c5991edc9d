/** A routed request that ended. */
export interface CompletedRequest {
  readonly atMs: number;
  /** ip:port of the engine. */
  readonly endpoint: string;
  readonly promptTokens: number;
  /** As the engine says; null when it did not. */
  readonly cachedTokens: number | null;
  /** Null when no token came. */
  readonly ttftMs: number | null;
  readonly failed: boolean;
}

/** A decision, with where the matched tokens lie. */
export interface RoutedRequest {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly matchedByTier: Readonly<Record<string, number>>;
}

export interface TrafficSummary {
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly ttftP50Ms: number | null;
  /** Prompt tokens that engines had cached ÷ prompt tokens; null when no engine said. */
  readonly hitRatio: number | null;
}

/** Requests of the last `windowMs`, or of as much of it as is known. */
export class TrafficWindow {
  private completed: CompletedRequest[] = [];
  private routed: RoutedRequest[] = [];
  private span: number;

  /** `knownSinceMs`: requests before that time (epoch) may be missing. */
  constructor(
    private readonly windowMs: number,
    private readonly knownSinceMs = 0,
  ) {
    this.span = windowMs;
  }

  /** What the figures are about, in milliseconds. */
  get spanMs(): number {
    return this.span;
  }

  addCompleted(request: CompletedRequest): void {
    this.completed.push(request);
  }

  addRouted(request: RoutedRequest): void {
    this.routed.push(request);
  }

  /** Forgets what has become too old. */
  prune(nowMs: number): void {
    const since = Math.max(nowMs - this.windowMs, this.knownSinceMs);
    this.span = Math.max(1, nowMs - since);
    this.completed = this.completed.filter(({ atMs }) => atMs >= since);
    this.routed = this.routed.filter(({ atMs }) => atMs >= since);
  }

  total(): TrafficSummary {
    return summaryOf(this.completed, this.span);
  }

  /** By the engine's ip:port. */
  byEndpoint(): Map<string, TrafficSummary> {
    const groups = Map.groupBy(this.completed, ({ endpoint }) => endpoint);
    return new Map(Array.from(groups, ([endpoint, requests]) => [endpoint, summaryOf(requests, this.span)]));
  }

  /** Share of the prompt tokens that was known to lie on each tier of the chosen engine; empty without decisions. */
  hitRatioByTier(): Record<string, number> {
    const prompt = this.routed.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
    const tiers: Record<string, number> = {};
    if (prompt === 0) return tiers;
    for (const { matchedByTier } of this.routed) {
      for (const [tier, tokens] of Object.entries(matchedByTier))
        tiers[tier] = (tiers[tier] ?? 0) + tokens / prompt;
    }
    return tiers;
  }
}

function summaryOf(requests: readonly CompletedRequest[], spanMs: number): TrafficSummary {
  const said = requests.filter(({ cachedTokens }) => cachedTokens !== null);
  const prompt = said.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const cached = said.reduce((sum, { cachedTokens }) => sum + (cachedTokens ?? 0), 0);
  const ttfts = requests.flatMap(({ ttftMs }) => (ttftMs === null ? [] : [ttftMs])).sort((a, b) => a - b);
  return {
    requests: requests.length,
    failed: requests.filter(({ failed }) => failed).length,
    requestsPerSecond: requests.length / (spanMs / 1000),
    ttftP50Ms: ttfts[Math.floor((ttfts.length - 1) / 2)] ?? null,
    hitRatio: prompt === 0 ? null : cached / prompt,
  };
}
