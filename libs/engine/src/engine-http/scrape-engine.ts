import { askEngine, type EngineHttpOptions } from './ask-engine.js';
import type { EngineMetrics } from './engine-metrics.js';
import type { EngineKind } from './metric-names.js';
import { parseEngineMetrics } from './parse-engine-metrics.js';

export interface ScrapeOptions extends EngineHttpOptions {
  /** Which engine it is; recognised by its metrics when absent. */
  readonly engine?: EngineKind;
  /** Default `/metrics`. */
  readonly path?: string;
}

/**
 * An engine's load and cache figures, as it states them now.
 *
 * @param address `ip:port` of its API
 * @throws EngineHttpError
 */
export async function scrapeEngine(address: string, options: ScrapeOptions = {}): Promise<EngineMetrics> {
  return parseEngineMetrics(await askEngine(address, options.path ?? '/metrics', options), options.engine);
}
