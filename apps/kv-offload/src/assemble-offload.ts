import type { Clock, Cluster, EventBus, ObjectStore } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import { fixedNodes, type NodeDirectory, PodNodes } from './application/find-nodes.js';
import type { ConnectKvNode } from './application/kv-node-client.js';
import { demotionSettings } from './application/offload-settings.js';
import type { KvOffloadConfig } from './config.js';
import { Leadership } from './leadership.js';
import { KvOffloadMetrics } from './metrics.js';
import { OffloadRun } from './run-offload.js';

/** The outside world of kv-offload. */
export interface OffloadPorts {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly connect: ConnectKvNode;
  /** Undefined where there is no S3 tier. */
  readonly store: ObjectStore | undefined;
  /** Closes what the service itself opened; called last. */
  readonly close: () => Promise<void>;
}

/** Everything kv-offload is made of. */
export interface OffloadParts extends OffloadPorts {
  readonly metrics: KvOffloadMetrics;
  readonly directory: NodeDirectory;
  readonly leadership: Leadership;
  readonly run: OffloadRun;
}

type Context = Pick<
  ServiceContext<KvOffloadConfig>,
  'config' | 'logger' | 'registry' | 'instance' | 'service'
>;

/** Puts kv-offload together on its ports: it looks for kv-nodes from here on, and decides after `run.start`. */
export function assembleOffload(ports: OffloadPorts, context: Context): OffloadParts {
  const { cluster, bus, clock, connect, store } = ports;
  const { config, logger, registry, instance, service } = context;
  demotionSettings(config);
  const metrics = new KvOffloadMetrics(registry);
  const leadership = new Leadership();
  const directory = findNodes(cluster, config);
  const source = `${service}/${instance}`;
  const { planIntervalMs, leaseNamespace, leaseName, leaseDurationMs } = config;
  const run = new OffloadRun(
    {
      ...{ cluster, logger, metrics, directory, leadership },
      term: { config, bus, clock, logger, metrics, directory, connect, store, source },
    },
    { planIntervalMs, leaseNamespace, leaseName, leaseDurationMs, identity: instance },
  );
  return { ...ports, metrics, directory, leadership, run };
}

function findNodes(cluster: Cluster, config: KvOffloadConfig): NodeDirectory {
  const { kvNodes, namespace, kvNodeSelector: labelSelector, kvNodePort: port } = config;
  if (kvNodes !== undefined) return fixedNodes(kvNodes);
  return new PodNodes(cluster, { ...(namespace !== undefined && { namespace }), labelSelector, port });
}
