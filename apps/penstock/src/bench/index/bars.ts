import type { BenchBar } from '../types.js';
import type { IndexFigures } from './figures.js';
import { type IndexPlan, isWholeFleet } from './plan.js';

const MIN_INGEST = 300_000;
const MIN_DELTA = 2_000_000;
const MIN_LOAD = 4_000_000;
const MAX_LOOKUP_US = 300;
const MAX_BYTES = 48;
const MAX_REDIS_BYTES = 32;

/** The bars of the index: those on time are this machine's, those on bytes the same on all. */
export function indexBars(
  arena: IndexFigures,
  ingest: IndexFigures,
  redis: readonly IndexFigures[],
  plan: IndexPlan,
): BenchBar[] {
  const whole = isWholeFleet(plan);
  const stored = redis.find(({ bytesPerPair }) => bytesPerPair !== undefined)?.bytesPerPair;
  const atLeast = (name: string, value: number | undefined, least: number, runs: boolean): BenchBar => ({
    name,
    value: runs && value !== undefined ? value : null,
    limit: `>= ${least}`,
    holds: runs && value !== undefined ? value >= least : 'not run',
    portable: false,
  });
  const atMost = (name: string, value: number | undefined, most: number, portable: boolean): BenchBar => ({
    name,
    value: value ?? null,
    limit: `<= ${most}`,
    holds: value === undefined ? 'not run' : value <= most,
    portable,
  });
  return [
    atLeast('raw bytes → decoded → arena, block-ops/s', ingest.ingestOpsPerSecond, MIN_INGEST, true),
    atLeast('delta → arena, block-ops/s', arena.deltaOpsPerSecond, MIN_DELTA, whole),
    atLeast('snapshots → arena, pairs/s', arena.loadPairsPerSecond, MIN_LOAD, whole),
    atMost('lookup of 625 blocks, p99 µs', whole ? arena.lookupP99Us : undefined, MAX_LOOKUP_US, false),
    atMost('arena, bytes per pair', arena.bytesPerPair, MAX_BYTES, true),
    atMost('Redis, bytes per pair', stored, MAX_REDIS_BYTES, true),
  ];
}
