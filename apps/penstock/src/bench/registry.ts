import { replayBench } from './replay.js';
import type { Bench } from './types.js';

/** Every benchmark by name. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  replay: replayBench,
};
