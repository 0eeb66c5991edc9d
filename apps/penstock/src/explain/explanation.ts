import type { schedulerV1 } from '@penstock/contracts';

export interface CandidateExplanation {
  readonly endpoint: string;
  readonly chosen: boolean;
  readonly total: number;
  /** Unweighted score, 0 to 1, by scorer. */
  readonly scores: Readonly<Record<string, number>>;
  /** Prompt tokens that it holds, as the policy weighed them: those in storage count by the credit of their tier. */
  readonly matchedTokens: number;
}

/** Why a request went where it went. The shape of `penstock explain -o json`: fields are added, never changed. */
export interface Explanation {
  readonly requestId: string;
  readonly outcome: 'routed' | 'rejected';
  /** RFC 3339. */
  readonly time: string;
  readonly scheduler: string;
  /** `<namespace>/<name>`; null when no pool serves the model. */
  readonly pool: string | null;
  readonly model: string;
  readonly targetModel: string;
  readonly policy: string;
  /** `ip:port`; null when rejected. */
  readonly endpoint: string | null;
  /** `<namespace>/<pod>` and node of the engine; null when rejected or not known. */
  readonly engine: string | null;
  readonly node: string | null;
  readonly reason: string;
  readonly waitedMs: number;
  readonly promptTokens: number;
  readonly matchedTokens: number;
  /** Matched tokens by the tier they lie on (gpu, cpu, ssd, s3); null unless the source is exact. */
  readonly matchedByTier: Readonly<Record<string, number>> | null;
  /** none, approximate or exact; null when rejected. */
  readonly prefixSource: string | null;
  /** Best total less the second best; null with fewer than two candidates on record. */
  readonly margin: number | null;
  /** Candidates with the best total. */
  readonly ties: number;
  /** Age of the oldest load figure and of the view of the engine's cache; null when there was none. */
  readonly loadAgeMs: number | null;
  readonly kvAgeMs: number | null;
  /** Engines left out, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** The leading ones, best first; empty in the record of a sample that was kept short. */
  readonly candidates: readonly CandidateExplanation[];
}

/** Stands for "never" in ages of 32 bits. */
const NEVER_MS = 0xffff_ffff;

/** What a scheduler's record says, as one document. */
export function explanationOf(decision: schedulerV1.Decision): Explanation {
  const { leading, endpoint } = decision;
  const best = leading[0]?.total;
  const second = leading[1]?.total;
  return {
    requestId: decision.requestId,
    outcome: endpoint === '' ? 'rejected' : 'routed',
    time: decision.time,
    scheduler: decision.scheduler,
    pool: decision.pool === '' ? null : `${decision.poolNamespace}/${decision.pool}`,
    model: decision.model,
    targetModel: decision.targetModel,
    policy: decision.policy,
    endpoint: endpoint || null,
    engine: decision.engine || null,
    node: decision.node || null,
    reason: decision.reason,
    waitedMs: decision.waitedMs,
    promptTokens: decision.promptTokens,
    matchedTokens: decision.matchedTokens,
    matchedByTier: Object.keys(decision.matchedByTier).length > 0 ? decision.matchedByTier : null,
    prefixSource: decision.prefixSource || null,
    margin: best === undefined || second === undefined ? null : best - second,
    ties: leading.filter(({ total }) => total === best).length,
    loadAgeMs: ageOf(decision.metricsAgeMs),
    kvAgeMs: ageOf(decision.kvAgeMs),
    excluded: decision.excluded,
    candidates: leading.map((candidate) => ({
      endpoint: candidate.endpoint,
      chosen: candidate.endpoint === endpoint,
      total: candidate.total,
      scores: candidate.scores,
      matchedTokens: candidate.matchedTokens,
    })),
  };
}

const ageOf = (ms: number): number | null => (ms >= NEVER_MS ? null : ms);
