import type { Clock, Cluster, EventBus } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import { AbandonedDrains } from './application/abandoned-drains.js';
import { DecisionAnnouncer } from './application/announce-decision.js';
import { PoolEvaluator } from './application/evaluate-pools.js';
import { DemandFeed } from './application/follow-demand.js';
import { RecommendationBoard } from './application/recommendation-board.js';
import { StatusReporter } from './application/report-status.js';
import { VariantScaler } from './application/scale-variant.js';
import { scalingOptions } from './application/scaling-options.js';
import { ObjectWatch } from './application/watch-objects.js';
import { PodWatch } from './application/watch-pods.js';
import type { AutoscalerConfig } from './config.js';
import { Leadership } from './leadership.js';
import { AutoscalerMetrics } from './metrics.js';
import { AutoscalerRun } from './run-autoscaler.js';

/** The outside world of the autoscaler. */
export interface AutoscalerPorts {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly clock: Clock;
  /** Closes what the service itself opened; called last. */
  readonly close: () => Promise<void>;
}

/** Everything the autoscaler is made of. */
export interface AutoscalerParts extends AutoscalerPorts {
  readonly metrics: AutoscalerMetrics;
  readonly objects: ObjectWatch;
  readonly demand: DemandFeed;
  readonly board: RecommendationBoard;
  readonly scaler: VariantScaler;
  readonly leadership: Leadership;
  readonly run: AutoscalerRun;
}

type Context = Pick<ServiceContext<AutoscalerConfig>, 'config' | 'logger' | 'registry' | 'instance'>;

/** Puts the autoscaler together on its ports: it watches from here on, and decides after `run.start`. */
export function assembleAutoscaler(ports: AutoscalerPorts, context: Context): AutoscalerParts {
  const { cluster, bus, clock } = ports;
  const { config, logger, registry, instance } = context;
  const { namespace, staleMs, engineDrainTimeoutMs, engineDrainQuietMs } = config;
  const metrics = new AutoscalerMetrics(registry);
  const leadership = new Leadership();
  const mayWrite = () => leadership.isLeading;
  const demand: DemandFeed = new DemandFeed({
    ...{ bus, clock, logger, staleMs },
    ...(namespace === undefined ? {} : { namespace }),
    onHeld: (poolNamespace, pool, receivedAtMs) => run.wake(poolNamespace, pool, receivedAtMs),
  });
  const objects = new ObjectWatch(cluster, namespace);
  const pods = new PodWatch(cluster);
  const board = new RecommendationBoard();
  const evaluator = new PoolEvaluator(demand, clock, scalingOptions(config));
  const drain = { timeoutMs: engineDrainTimeoutMs, quietMs: engineDrainQuietMs };
  const scaler = new VariantScaler({ cluster, bus, clock, logger, metrics, mayWrite, drain });
  const abandoned = new AbandonedDrains({ cluster, logger, metrics, mayWrite });
  const status = new StatusReporter({ cluster, clock, logger, metrics, mayWrite });
  const announcer = new DecisionAnnouncer(bus, cluster);
  const { intervalMs, leaseNamespace, leaseName, leaseDurationMs } = config;
  const run: AutoscalerRun = new AutoscalerRun(
    {
      cluster,
      logger,
      metrics,
      objects,
      pods,
      demand,
      evaluator,
      board,
      scaler,
      abandoned,
      status,
      announcer,
      leadership,
    },
    { intervalMs, leaseNamespace, leaseName, leaseDurationMs, identity: instance },
  );
  return { ...ports, metrics, objects, demand, board, scaler, leadership, run };
}
