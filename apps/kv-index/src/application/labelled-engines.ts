import { endpointsOf, matchesLabels, type Pool, type PoolView } from '@penstock/cluster';
import { KV_EVENTS_PORT, KV_REPLAY_PORT, type Pod } from '@penstock/contracts';

/** Name of the pool of engines that no InferencePool selects: one that no object of Kubernetes can have. */
export const LABELLED_POOL = '_labelled';

/**
 * Engine pods that no pool selects, as one pool per namespace. Requests are taken to go to the container port `http`, else
 * to `defaultPort`.
 */
export function labelledPools(
  pods: readonly Pod[],
  pools: readonly PoolView[],
  defaultPort: number,
): PoolView[] {
  const byNamespace = Map.groupBy(pools, ({ pool }) => pool.namespace);
  const endpoints = pods.flatMap((pod) => {
    const { namespace = 'default', labels } = pod.metadata;
    // Not by its endpoints: the pool may hear of the pod a little later.
    if (byNamespace.get(namespace)?.some(({ pool }) => matchesLabels(pool.selector, labels))) return [];
    return endpointsOf({ ...poolIn(namespace), targetPorts: [portOf(pod) ?? defaultPort] }, [pod]);
  });
  const views = Map.groupBy(endpoints, ({ namespace }) => namespace);
  return Array.from(views, ([namespace, some]) => ({ pool: poolIn(namespace), endpoints: some }));
}

function poolIn(namespace: string): Pool {
  const identity = { namespace, name: LABELLED_POOL, uid: '', group: '' };
  return { ...identity, selector: {}, targetPorts: [], appProtocol: 'http' };
}

function portOf({ spec }: Pod): number | undefined {
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const others = ports.filter(({ name }) => name !== KV_EVENTS_PORT && name !== KV_REPLAY_PORT);
  return others.find(({ name }) => name === 'http')?.containerPort;
}
