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

/** Asks NATS for a sign of life: a server that hangs looks connected for a long time. A service goes on without events. */
export const busCheck = (bus: EventBus): HealthCheck => ({
  name: 'nats',
  required: false,
  check: async () => {
    await bus.probe();
    const { droppedEvents } = bus.status();
    return droppedEvents > 0 ? `${droppedEvents} events dropped so far` : undefined;
  },
});
