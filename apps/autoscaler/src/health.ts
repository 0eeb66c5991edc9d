import type { Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks } from '@penstock/platform';
import type { RecommendationBoard } from './application/recommendation-board.js';
import type { ObjectWatch } from './application/watch-objects.js';
import type { Leadership } from './leadership.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly cluster: Cluster;
  readonly objects: ObjectWatch;
  readonly board: RecommendationBoard;
  readonly leadership: Leadership;
}

/**
 * Ready once everything it reads was listed; it need not lead. Without NATS or Kubernetes it holds what is, and says
 * so.
 */
export function registerHealth(health: HealthChecks, deps: HealthDependencies): void {
  const { bus, cluster, objects, board, leadership } = deps;
  health.register({
    name: 'objects',
    required: true,
    check: () => {
      const missing = objects.unsynced();
      if (missing.length > 0) throw new Error(`not listed yet: ${missing.join(', ')}`);
      return undefined;
    },
  });
  health.register({
    name: 'demand',
    required: false,
    check: () => {
      const held = board.all().filter(({ decision }) => decision.code.startsWith('hold-no-'));
      const [first] = held;
      if (first)
        throw new Error(`${held.length} variants are held; ${first.decision.key}: ${first.decision.reason}`);
      return `${board.all().length} variants are decided`;
    },
  });
  health.register({
    name: 'lease',
    required: false,
    check: () =>
      leadership.isLeading ? `leading, transition ${leadership.lease?.transitions}` : 'not leading',
  });
  health.register(clusterCheck(cluster));
  health.register(busCheck(bus));
}
