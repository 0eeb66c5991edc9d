import { median } from './median.js';
import type { VariantMemory } from './pool-state.js';
import type { ReplicaLoad } from './replica-load.js';
import type { ScalingOptions } from './scaling-options.js';
import type { Variant } from './variant.js';
import type { VariantFigures } from './variant-figures.js';

/**
 * Figures of a variant from the loads of its replicas and what is remembered of it.
 *
 * Capacity of a replica is `min(kvThreshold × KV tokens, tokens observed under saturation)`, the median over the
 * replicas (llm-d's saturation analyzer v2). A variant without replicas keeps the capacity it last had.
 */
export function measureVariant(
  variant: Variant,
  loads: readonly ReplicaLoad[],
  memory: VariantMemory,
  nowMs: number,
  options: ScalingOptions,
): VariantFigures {
  const draining = drainsThatCount(variant);
  const current = variant.specReplicas - draining;
  const serving = variant.replicas.filter((replica) => replica.ready && !replica.draining);
  const ready = Math.min(serving.length, current);
  const pending = current - ready;
  const measured = new Set(loads.map((load) => load.replica));
  const known = serving.filter((replica) => measured.has(replica)).length;
  const bounds = loads.filter((load) => load.kvCapacityTokens > 0).map((load) => load.kvCapacityTokens);
  const kvBound = (median(bounds) ?? 0) * options.kvThreshold || memory.kvBound?.tokens;
  const computeBound = mean(memory.saturated.map((sample) => sample.tokens));
  const capacity = kvBound === undefined ? computeBound : Math.min(kvBound, computeBound ?? kvBound);
  const since = memory.waiting;
  return {
    variant,
    current,
    ready,
    pending,
    stuck:
      pending > 0 &&
      since?.replicas === current &&
      since.ready === ready &&
      nowMs - since.sinceMs >= options.pendingTimeoutMs,
    draining,
    known,
    unknown: serving.length - known,
    inUseTokens: loads.reduce((total, load) => total + load.inUseTokens, 0),
    waiting: loads.reduce((total, load) => total + load.waiting, 0),
    saturated: loads.filter(({ replica, waiting }) => !replica.draining && waiting >= options.queueThreshold)
      .length,
    ...(kvBound === undefined ? {} : { kvBoundTokens: kvBound }),
    ...(computeBound === undefined ? {} : { computeBoundTokens: computeBound }),
    ...(capacity === undefined ? {} : { capacityTokens: capacity }),
  };
}

/** Draining replicas that `specReplicas` still contains: once it was lowered, replicas outnumber it until they go. */
function drainsThatCount({ replicas, specReplicas }: Variant): number {
  const draining = replicas.filter((replica) => replica.draining).length;
  const leaving = Math.max(0, replicas.length - specReplicas);
  return Math.min(specReplicas, Math.max(0, draining - leaving));
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
