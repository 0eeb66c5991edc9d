import type { Bench } from './types.js';

/** Every benchmark by name; loaded when it is wanted, as some bring half of the product with them. */
export const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  routing: async () => (await import('./routing/index.js')).routingBench,
  tiers: async () => (await import('./tiers/index.js')).tiersBench,
  index: async () => (await import('./index/index.js')).indexBench,
  tokenize: async () => (await import('./tokenize/index.js')).tokenizeBench,
  replay: async () => (await import('./replay.js')).replayBench,
};
