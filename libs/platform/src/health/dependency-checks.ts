import type { Cluster, EventBus } from '@penstock/core/ports';
import type { HealthCheck } from './health-checks.js';

/** Asks the Kubernetes API. A service goes on without it, from what it last saw. */
export const clusterCheck = (cluster: Cluster): HealthCheck => ({
  name: 'kubernetes',
  required: false,
  check: async () => {
    await cluster.probe();
    return undefined;
  },
});

/** Says what keeps events from flowing. A service goes on without them. */
export const busCheck = (bus: EventBus): HealthCheck => ({
  name: 'nats',
  required: false,
  check: () => {
    const { problem, droppedEvents } = bus.status();
    if (problem) throw new Error(problem);
    return droppedEvents > 0 ? `${droppedEvents} events dropped so far` : undefined;
  },
});
