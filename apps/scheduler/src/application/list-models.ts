import type { Fleet } from './fleet.js';

/** Every name a client can ask for: what objects define, what engines serve, and models that have none just now, sorted. */
export function listModels(fleet: Fleet): string[] {
  const names = new Set(fleet.definedModels());
  for (const pool of fleet.pools()) {
    for (const name of fleet.baseModels(pool)) names.add(name);
    for (const endpoint of pool.endpoints) {
      for (const name of endpoint.servedModels) names.add(name);
    }
  }
  return [...names].sort();
}
