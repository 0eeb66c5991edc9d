import type { EngineOptions } from '../engine-model/index.js';
import type { RoutingPolicy } from '../routing/index.js';
import type { TierOptions } from './tier-options.js';
import type { Prompt } from './workload.js';

/** A fleet of equal engines behind one router. */
export interface FleetOptions {
  readonly engines: number;
  readonly engine: EngineOptions;
  readonly policy: RoutingPolicy;
  readonly seed: number;
  /** How often the engines' gauges reach the router, default 50 (llm-d's). */
  readonly scrapeIntervalMs?: number;
  /** From the end of a step to the router knowing its cache events, default 100 (coalescing in kv-index). */
  readonly kvViewDelayMs?: number;
  /** Storage behind the engines; absent: what leaves a GPU is gone. Only policies with exact prefixes see it. */
  readonly tiers?: TierOptions;
  /** A prompt that every engine has in its cache before the first stage. */
  readonly warmPrompt?: Prompt;
}
