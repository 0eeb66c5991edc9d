import type { ClusterState } from '../api/cluster-state.js';
import type { Controller } from './controller.js';

/** As the API server's default `--event-ttl`. */
const EVENT_TTL_MS = 60 * 60 * 1000;
const INTERVAL_MS = 5 * 60 * 1000;

/** Forgets Events an hour after they last happened. */
export function startEventExpiry({ store }: ClusterState): Controller {
  const expire = (): void => {
    const oldestMs = Date.now() - EVENT_TTL_MS;
    for (const event of store.list('events')) {
      const lastMs = Date.parse(String(event['lastTimestamp'] ?? event.metadata.creationTimestamp));
      if (lastMs < oldestMs) store.remove('events', event);
    }
  };
  expire();
  const timer = setInterval(expire, INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
