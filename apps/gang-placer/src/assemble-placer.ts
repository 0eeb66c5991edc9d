import type { Clock, Cluster, EventBus } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import type { PlacerConfig } from './config.js';
import { WorkloadControllers } from './controllers/workload-controllers.js';
import type { LeaderPart } from './leader/leader-part.js';
import { LeaderRun } from './leader/leader-run.js';
import { PlacerMetrics } from './metrics.js';
import type { PartContext } from './part-context.js';
import { PlacementPart } from './placement/placement-part.js';
import { Translations } from './translation/translations.js';

/** The outside world of the placer. */
export interface PlacerPorts {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly clock: Clock;
  /** Closes what the service itself opened; called last. */
  readonly close: () => Promise<void>;
}

/** Everything the placer is made of. */
export interface PlacerParts extends PlacerPorts {
  readonly config: PlacerConfig;
  readonly metrics: PlacerMetrics;
  readonly parts: readonly LeaderPart[];
  readonly placement: PlacementPart;
  readonly leader: LeaderRun;
}

/** Puts the placer together on its ports: it watches from here on, and writes after `LeaderRun.start`. */
export function assemblePlacer(
  ports: PlacerPorts,
  {
    config,
    logger,
    registry,
    instance,
  }: Pick<ServiceContext<PlacerConfig>, 'config' | 'logger' | 'registry' | 'instance'>,
): PlacerParts {
  const { cluster, bus, clock } = ports;
  const metrics = new PlacerMetrics(registry);
  const context: PartContext = { cluster, bus, clock, config, logger, instance, metrics };
  const placement = new PlacementPart(context);
  const parts = [...partsOf(context), placement];
  const { leaseNamespace, leaseName, leaseDurationMs } = config;
  const leader = new LeaderRun({
    ...{ cluster, parts, logger, leaseNamespace, leaseName, leaseDurationMs },
    identity: instance,
  });
  return { ...ports, config, metrics, parts, placement, leader };
}

/** One line per part of the service beside the placement itself. */
function partsOf(context: PartContext): LeaderPart[] {
  const { config, metrics } = context;
  const onFailure = (controller: string) => metrics.reconcileFailures.inc({ controller });
  const { namespace } = config;
  const translations = () => new Translations({ ...context, namespace, settings: config, onFailure });
  return [
    new WorkloadControllers({ ...context, onFailure }),
    ...(config.translateForeignKinds ? [translations()] : []),
  ];
}
