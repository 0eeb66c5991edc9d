import type { BenchOptions } from '../types.js';

/** How much is measured. */
export interface IndexPlan {
  readonly engines: number;
  readonly blocksPerEngine: number;
  /** Engines of the baseline of nested Maps, which needs many times the memory and time. */
  readonly mapEngines: number;
  /** Block operations of the delta stages. */
  readonly deltaOps: number;
  readonly lookups: number;
  /** Engines whose blocks are written to Redis. */
  readonly redisEngines: number;
  readonly redisLookups: number;
  /** Block operations that come as bytes of engines. */
  readonly ingestOps: number;
}

const BLOCKS = 20_000;

/** The bars are about 1,000 engines of 20,000 blocks: `default` and `full` have them. */
export const PLANS: Readonly<Record<BenchOptions['size'], IndexPlan>> = {
  tiny: {
    engines: 20,
    blocksPerEngine: 2_000,
    mapEngines: 20,
    deltaOps: 40_000,
    lookups: 200,
    redisEngines: 4,
    redisLookups: 3,
    ingestOps: 20_000,
  },
  default: {
    engines: 1_000,
    blocksPerEngine: BLOCKS,
    mapEngines: 100,
    deltaOps: 4_000_000,
    lookups: 3_000,
    redisEngines: 20,
    redisLookups: 20,
    ingestOps: 600_000,
  },
  full: {
    engines: 1_000,
    blocksPerEngine: BLOCKS,
    mapEngines: 1_000,
    deltaOps: 16_000_000,
    lookups: 20_000,
    redisEngines: 200,
    redisLookups: 100,
    ingestOps: 3_000_000,
  },
};

/** Whether it is the fleet that the bars are about. */
export function isWholeFleet({ engines, blocksPerEngine }: IndexPlan): boolean {
  return engines >= 1_000 && blocksPerEngine >= BLOCKS;
}
