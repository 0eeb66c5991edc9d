import type { EngineProfile } from '../engine-model/index.js';
import { createPolicy, type RoutingPolicy, ScoredPolicy } from '../routing/index.js';
import type { FleetOptions } from './fleet-options.js';
import { runFleet } from './run-fleet.js';
import type { StageResult } from './stage-result.js';
import type { Prompt, Workload } from './workload.js';

/** KV memory of a clairvoyant engine, in multiples of the real pool: enough that nothing waits for memory. */
const POOL_MULTIPLE = 16;

/** How the clairvoyant router spreads requests. */
export type ClairvoyantBalance = 'least-work' | 'round-robin';

/**
 * What the same engines could do if routing cost no cache hit and no memory: whatever any earlier request brought
 * into any cache is in all of them, and KV memory never runs out. What is left to routing is balance: `least-work`
 * knows every length and all work in flight, `round-robin` is the most even for equal requests. The distance to the
 * better of the two is about what better routing can still win; it is a reference, not a proof.
 */
export function runClairvoyant(
  options: Omit<FleetOptions, 'policy' | 'warmPrompt'>,
  workload: Workload,
  balance: ClairvoyantBalance = 'least-work',
): StageResult[] {
  const { workload: shared, warmPrompt } = withSharedCache(workload);
  const realBlocks = options.engine.blockCount ?? options.engine.profile.kvPoolTokens / workload.blockSize;
  return runFleet(
    {
      ...options,
      policy: balance === 'least-work' ? leastWork(options.engine.profile) : createPolicy('round-robin'),
      kvViewDelayMs: 0,
      engine: { ...options.engine, blockCount: Math.floor(realBlocks * POOL_MULTIPLE) },
      warmPrompt,
    },
    shared,
  );
}

/** Takes the engine whose steps are shortest once its waiting prompts are computed. */
function leastWork({
  prefillPerKTokenMs,
  decodePerSequenceMs,
  decodePerContextKTokenMs,
}: EngineProfile): RoutingPolicy {
  return new ScoredPolicy({
    name: 'clairvoyant',
    prefixSource: 'exact',
    scorers: [
      {
        weight: 1,
        scorer: {
          name: 'least-work',
          score(input, candidates, out) {
            for (let i = 0; i < candidates.length; i++) {
              const { inFlightPrefillTokens, inFlightRequests, inFlightTokens } =
                input.endpoints[candidates[i]!]!;
              const ms =
                (prefillPerKTokenMs * inFlightPrefillTokens + decodePerContextKTokenMs * inFlightTokens) /
                  1000 +
                decodePerSequenceMs * inFlightRequests;
              out[i] = 1 / (1 + ms);
            }
          },
        },
      },
    ],
  });
}

/**
 * The workload in which the part of each prompt that any earlier prompt contained is a piece of one long prompt that
 * every engine has cached.
 */
function withSharedCache(workload: Workload): { workload: Workload; warmPrompt: Prompt } {
  const seen = new Uint8Array(workload.contentCount);
  const hitsOf = (prompt: Prompt): number => {
    let hits = 0;
    while (hits < prompt.blocks.length && seen[prompt.blocks[hits]!]) hits++;
    for (const content of prompt.blocks) seen[content] = 1;
    return hits;
  };
  const hits = workload.stages.map((stage) => stage.arrivals.map((arrival) => hitsOf(arrival.prompt)));
  const longest = hits.flat().reduce((max, h) => Math.max(max, h), 1);
  let contentCount = longest;
  const stages = workload.stages.map((stage, s) => ({
    name: stage.name,
    arrivals: stage.arrivals.map((arrival, a) => {
      const cached = hits[s]![a]!;
      const own = contentCount - cached;
      const { tokens, blocks } = arrival.prompt;
      contentCount += blocks.length - cached;
      return {
        ...arrival,
        prompt: { tokens, blocks: blocks.map((_, i) => (i < cached ? i : own + i)) },
      };
    }),
  }));
  const warmPrompt = {
    tokens: longest * workload.blockSize,
    blocks: Int32Array.from({ length: longest }, (_, i) => i),
  };
  return { workload: { ...workload, contentCount, stages }, warmPrompt };
}
