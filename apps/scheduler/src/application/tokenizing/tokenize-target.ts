import type { PoolChoice } from '../choose-pool.js';
import type { Fleet } from '../fleet.js';

/** Whose tokens a prompt is to be turned into. */
export interface TokenizeTarget {
  /** The tokenizer's: that of the base model. */
  readonly baseModel: string;
  /** Name that the engines answer to. */
  readonly targetModel: string;
  /** Addresses of engines that serve it and can be reached. */
  readonly engines: readonly string[];
}

/** Engines named at most: one of them is asked. */
const MAX_ENGINES = 8;

export function tokenizeTarget(fleet: Fleet, { pool, targetModel }: PoolChoice): TokenizeTarget {
  const engines: string[] = [];
  for (const { answers, servedModels, address } of pool.endpoints) {
    if (answers && servedModels.has(targetModel)) engines.push(address);
    if (engines.length === MAX_ENGINES) break;
  }
  return { baseModel: fleet.baseModelOf(pool, targetModel), targetModel, engines };
}
