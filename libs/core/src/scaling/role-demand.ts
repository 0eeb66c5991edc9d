import type { PoolDemand } from './pool-demand.js';
import type { Role } from './role.js';
import type { ScalingOptions } from './scaling-options.js';
import type { VariantFigures } from './variant-figures.js';

/** Demand on one role of a pool, in KV tokens. */
export interface RoleDemand {
  /** KV tokens that one request occupies: its prompt, and while it decodes half of its output on average. */
  readonly requestTokens: number;
  /** In use + queued in engines + held by schedulers; replicas without data count as the others' mean. */
  readonly tokens: number;
  /** The same with replicas without data taken as full: what must fit before one is removed. */
  readonly assuredTokens: number;
  /** From what the schedulers have under way, for when the engines' figures are missing. */
  readonly underWayTokens: number;
  /** Part of it that waits for an engine to exist. */
  readonly heldTokens: number;
}

/** @param takesHeld whether requests that wait for an engine wait for this role */
export function roleDemand(
  role: Role,
  figures: readonly VariantFigures[],
  demand: PoolDemand,
  takesHeld: boolean,
  options: ScalingOptions,
): RoleDemand {
  const input =
    demand.meanInputTokens ??
    (demand.held > 0 ? demand.heldTokens / demand.held : options.assumedInputTokens);
  const output = role === 'prefill' ? 0 : (demand.meanOutputTokens ?? options.assumedOutputTokens) / 2;
  const requestTokens = input + output;
  const sum = (of: (f: VariantFigures) => number) => figures.reduce((total, f) => total + of(f), 0);
  const inUse = sum((f) => f.inUseTokens);
  const known = sum((f) => f.known);
  const meanInUse = known > 0 ? inUse / known : 0;
  const held = takesHeld ? demand.heldTokens + demand.held * output : 0;
  const seen = inUse + sum((f) => f.waiting) * requestTokens + held;
  return {
    requestTokens,
    tokens: seen + sum((f) => f.unknown) * meanInUse,
    assuredTokens: seen + sum((f) => f.unknown * Math.max(f.capacityTokens ?? 0, meanInUse)),
    underWayTokens: demand.inFlight * requestTokens + held,
    heldTokens: held,
  };
}
