/** What routing knows of one endpoint when it decides. Scraped figures may be old; reserved ones are exact. */
export interface EndpointView {
  /** `ip:port`. */
  readonly id: string;
  /** Why it may not be chosen (`not-ready`, `draining`, `wrong-model`, …); absent when it may. */
  readonly excluded?: string;
  /** Requests waiting in the engine, as last scraped. */
  readonly waiting: number;
  /** Requests running in the engine, as last scraped. */
  readonly running: number;
  /** KV-cache use 0–1, as last scraped. */
  readonly kvUsage: number;
  readonly kvCapacityTokens: number;
  /** Age of the scraped figures; Infinity when there are none. */
  readonly metricsAgeMs: number;
  /** Requests this scheduler sent here that have not ended. */
  readonly inFlightRequests: number;
  /** Their uncached prompt tokens that have not produced a first token. */
  readonly inFlightPrefillTokens: number;
  /** All their tokens (prompt plus produced so far or expected). */
  readonly inFlightTokens: number;
  /** Decided here after the last scrape, hence not in `waiting`, `running` or `kvUsage`. */
  readonly unseenRequests: number;
  /** KV tokens that those will newly occupy. */
  readonly unseenTokens: number;
}

export interface RoutingRequest {
  readonly requestId: string;
  readonly model: string;
  readonly promptTokens: number;
  /** Ordinal of the decision in this scheduler: round-robin and seeds derive from it. */
  readonly ordinal: number;
  readonly seed: number;
}

/** Everything a decision depends on: replaying it gives the same answer. */
export interface RoutingInput {
  readonly request: RoutingRequest;
  readonly endpoints: readonly EndpointView[];
  /**
   * Prompt tokens endpoint i is known to hold as a prefix, from the source the policy asks for; those it has to load from
   * storage count by their credit (`creditedTokens`).
   */
  readonly matchedTokens: ArrayLike<number>;
}

export interface CandidateScore {
  readonly endpointId: string;
  readonly total: number;
  /** Unweighted score 0–1 per scorer name. */
  readonly scores: Readonly<Record<string, number>>;
  readonly matchedTokens: number;
}

export interface RoutingDecision {
  readonly policy: string;
  /** Index into `endpoints`, -1 when nothing was eligible. */
  readonly chosen: number;
  /** Best first, at most 5. */
  readonly leading: readonly CandidateScore[];
  /** How many endpoints were excluded, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** One sentence for people. */
  readonly reason: string;
}

export type PrefixSource = 'none' | 'approximate' | 'exact';

/** A routing policy: pure, its memory (if any) is in the input. */
export interface RoutingPolicy {
  readonly name: string;
  readonly prefixSource: PrefixSource;
  decide(input: RoutingInput): RoutingDecision;
}
