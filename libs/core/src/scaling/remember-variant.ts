import type { VariantMemory } from './pool-state.js';
import type { ReplicaLoad } from './replica-load.js';
import type { ScalingOptions } from './scaling-options.js';
import type { VariantFigures } from './variant-figures.js';

const MAX_SAMPLES = 10;
/** A bound below this share of the KV bound is a burst that was not worked off yet, not a limit. */
const LEAST_SHARE = 0.05;

export const EMPTY_VARIANT_MEMORY: VariantMemory = { saturated: [], saturatedSinceMs: {} };

/**
 * What to remember of a variant for the next recommendation.
 *
 * What a replica carries while its queue is full is the most it can carry (mean of the last ten observations). The
 * queue must stay full for a while, so that a burst on an idle engine is not taken for its limit; and a replica that
 * carries more without any queue shows that the limit was no limit.
 * @param requestTokens KV tokens of one request: no bound is below it
 */
export function rememberVariant(
  memory: VariantMemory,
  figures: VariantFigures,
  loads: readonly ReplicaLoad[],
  requestTokens: number,
  nowMs: number,
  options: ScalingOptions,
): VariantMemory {
  const least = Math.max(requestTokens, LEAST_SHARE * (figures.kvBoundTokens ?? 0));
  const sinceMs: Record<string, number> = {};
  let saturated = memory.saturated.filter((sample) => nowMs - sample.atMs < options.memoryMs);
  for (const { id, waiting, running, inUseTokens, kvCapacityTokens } of loads) {
    if (kvCapacityTokens > 0 && waiting >= options.queueThreshold && running > 0) {
      sinceMs[id] = memory.saturatedSinceMs[id] ?? nowMs;
      if (nowMs - sinceMs[id] < options.saturatedForMs) continue;
      saturated.push({ tokens: Math.max(least, inUseTokens), atMs: nowMs });
    } else if (waiting === 0) {
      saturated = saturated.filter((sample) => sample.tokens >= inUseTokens);
    }
  }
  saturated = saturated.slice(-MAX_SAMPLES);
  const known = loads.some((load) => load.kvCapacityTokens > 0) && figures.kvBoundTokens !== undefined;
  const kvBound = known ? { tokens: figures.kvBoundTokens, atMs: nowMs } : memory.kvBound;
  const { current: replicas, ready } = figures;
  const same = memory.waiting?.replicas === replicas && memory.waiting.ready === ready;
  return {
    saturated,
    saturatedSinceMs: sinceMs,
    ...(kvBound && nowMs - kvBound.atMs < options.memoryMs ? { kvBound } : {}),
    ...(figures.pending > 0
      ? { waiting: { replicas, ready, sinceMs: same ? memory.waiting!.sinceMs : nowMs } }
      : {}),
  };
}
