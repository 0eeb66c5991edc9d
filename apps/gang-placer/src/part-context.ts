import type { Clock, Cluster, EventBus } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import type { PlacerConfig } from './config.js';
import type { PlacerMetrics } from './metrics.js';

/** What every part of the service is made from. */
export interface PartContext extends Pick<ServiceContext<PlacerConfig>, 'config' | 'logger' | 'instance'> {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly metrics: PlacerMetrics;
}
