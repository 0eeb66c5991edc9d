import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.js';

/**
 * Resolves when the pools were listed and every engine that can take requests has said which models it serves, or
 * after `timeoutMs`. A replica that shares its port with others must not answer "no engine" before it has looked.
 */
export async function awaitFleet(
  pools: { readonly synced: boolean },
  fleet: Fleet,
  timeoutMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!isKnown(pools, fleet)) {
    if (performance.now() >= deadlineMs) return false;
    await sleep(20);
  }
  return true;
}

function isKnown(pools: { readonly synced: boolean }, fleet: Fleet): boolean {
  if (!pools.synced) return false;
  const engines = fleet.pools().flatMap((pool) => pool.endpoints);
  return engines.every((engine) => engine.excluded !== undefined || engine.servedModels.size > 0);
}
