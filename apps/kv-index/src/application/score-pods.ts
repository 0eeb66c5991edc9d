import { type ReadableIndex, TIERS } from '@penstock/core/kv';
import { DEFAULT_TIER_CREDITS, type TierCredits } from '@penstock/core/routing';
import type { KnownEngine } from './known-engine.js';
import { type EngineMatch, matchEngines } from './match-engines.js';
import { keysFor } from './prompt-keys.js';

/** What a block is worth by its best tier: llm-d's figures for gpu and cpu, for the others those of our scheduler. */
export const POD_SCORE_WEIGHTS: TierCredits = { ...DEFAULT_TIER_CREDITS, gpu: 1, cpu: 0.8 };

export interface PodScoreQuery {
  readonly model: string;
  readonly tokenIds: ArrayLike<number>;
  /** `ip:port`, `ip`, `<pod>` or `<namespace>/<pod>`; none = every pod. */
  readonly pods: readonly string[];
}

export interface PodScore {
  readonly pod: string;
  readonly score: number;
  /** Absent without data-parallel ranks. */
  readonly rank?: number;
}

/**
 * Scores as llm-d's indexer gives them: the weights of the blocks of the longest contiguous prefix, summed. Pods without
 * the first block are left out; of data-parallel ranks behind one name the best one counts.
 */
export function scorePods(
  index: ReadableIndex,
  engines: Iterable<KnownEngine>,
  { model, tokenIds, pods }: PodScoreQuery,
): PodScore[] {
  const candidates = [...engines].filter((engine) => engine.model === model);
  const asked = new Set(pods);
  const query = { model, tenant: '', lora: '', cacheSalt: '', tokenIds, blockSize: 0 };
  const byName = new Map<string, EngineMatch[]>();
  for (const match of matchEngines(index, candidates, (blockSize) => keysFor(query, blockSize))) {
    const { address, pod } = match.engine.endpoint;
    // An instance that was registered has no address that requests go to.
    const names =
      asked.size === 0 ? [address || pod] : namesOf(match.engine).filter((name) => asked.has(name));
    for (const name of names) byName.set(name, [...(byName.get(name) ?? []), match]);
  }
  return Array.from(byName, ([pod, ranks]) => scoreOf(pod, ranks)).filter(({ score }) => score > 0);
}

function namesOf({ endpoint: { address, ip, pod, namespace } }: KnownEngine): string[] {
  return [address, ip, pod, `${namespace}/${pod}`];
}

function scoreOf(pod: string, ranks: readonly EngineMatch[]): PodScore {
  const scored = ranks.map(({ engine, match }) => ({
    rank: engine.endpoint.rank,
    score: TIERS.reduce((sum, tier, t) => sum + (match.byTier[t] ?? 0) * POD_SCORE_WEIGHTS[tier], 0),
  }));
  const best = scored.reduce((one, other) => (other.score > one.score ? other : one));
  const hasRanks = scored.some(({ rank }) => rank > 0);
  return { pod, score: best.score, ...(hasRanks && { rank: best.rank }) };
}
