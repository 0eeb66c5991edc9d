import { podKind } from '@penstock/contracts';
import type { Cluster, ClusterObject } from '@penstock/core/ports';
import { ENGINE_SELECTOR } from './suite-options.js';

/** How many engine pods are ready and stay. */
export async function readyEngines(cluster: Cluster, namespace: string): Promise<number> {
  const pods = (await cluster.list(podKind as never, {
    namespace,
    labelSelector: ENGINE_SELECTOR,
  })) as Array<ClusterObject & { status?: { conditions?: Array<{ type: string; status: string }> } }>;
  return pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  ).length;
}
