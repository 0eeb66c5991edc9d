import { inferencePoolKind, podKind, ROUTING_POLICY_ANNOTATION } from '@penstock/contracts';
import type { Cluster, ClusterObject } from '@penstock/core/ports';
import { request } from 'undici';
import { metricsText } from './metrics-text.js';
import type { SuiteRecord } from './state.js';
import { waitUntil } from './wait-until.js';

/** Selects a routing policy by the pool's annotation, and waits until every scheduler uses it. */
export async function useRoutingPolicy(cluster: Cluster, record: SuiteRecord, policy: string): Promise<void> {
  await cluster.mergePatch(inferencePoolKind as never, record.namespace, record.pool, {
    metadata: { annotations: { [ROUTING_POLICY_ANNOTATION]: policy } },
  });
  const inUse = `penstock_scheduler_pool_policy{pool="${record.namespace}/${record.pool}",policy="${policy}"} 1`;
  const using = async (metricsUrl: string) => (await metricsText(metricsUrl)).includes(inUse);
  await waitUntil(
    `routing policy ${policy}`,
    async () => (await Promise.all(record.urls.schedulerMetrics.map(using))).every(Boolean),
    15_000,
  );
}

/** The policy that the pool asks for. */
export async function routingPolicy(cluster: Cluster, record: SuiteRecord): Promise<string> {
  const pool = await cluster.get(inferencePoolKind as never, record.namespace, record.pool);
  return (pool as ClusterObject | undefined)?.metadata.annotations?.[ROUTING_POLICY_ANNOTATION] ?? '3-2-2';
}

/** HTTP addresses (`ip:port`) of the engines, by pod name. */
export async function engineAddresses(cluster: Cluster, record: SuiteRecord): Promise<Map<string, string>> {
  const pods = (await cluster.list(podKind as never, { namespace: record.namespace })) as Array<{
    metadata: { name: string };
    status?: { podIP?: string };
    spec?: { containers: Array<{ ports?: Array<{ name?: string; containerPort: number }> }> };
  }>;
  const addresses = new Map<string, string>();
  for (const pod of pods) {
    const port = pod.spec?.containers[0]?.ports?.find((p) => p.name === 'http')?.containerPort;
    if (pod.status?.podIP && port) addresses.set(pod.metadata.name, `${pod.status.podIP}:${port}`);
  }
  return addresses;
}

/** Empties every engine's prefix cache, so that a comparison starts equal. */
export async function resetEngineCaches(cluster: Cluster, record: SuiteRecord): Promise<void> {
  for (const [name, address] of await engineAddresses(cluster, record)) {
    const { statusCode, body } = await request(`http://${address}/reset_prefix_cache`, { method: 'POST' });
    await body.dump();
    if (statusCode !== 200)
      throw new Error(`${name} (${address}) refused to empty its cache: HTTP ${statusCode}`);
  }
}
