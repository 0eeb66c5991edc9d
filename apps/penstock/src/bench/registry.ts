import { replayBench } from './replay.js';
import { routingBench } from './routing/index.js';
import { tiersBench } from './tiers/index.js';
import type { Bench } from './types.js';

/** Every benchmark by name. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  routing: routingBench,
  tiers: tiersBench,
  replay: replayBench,
};
