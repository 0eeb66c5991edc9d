import { podKind } from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { boundedParallel } from './bounded-parallel.js';
import type { PlacementStore } from './placement-store.js';
import type { PlacementView } from './placement-view.js';

/**
 * Pods, `<namespace>/<name>`, that exist and that decisions on record speak of, but that the watch does not show. While
 * there are any, their room looks free.
 * @param limit most pods that are asked for at the same time
 */
export async function unseenPods(
  cluster: Pick<Cluster, 'get'>,
  view: PlacementView,
  store: PlacementStore,
  limit: number,
): Promise<string[]> {
  const unknown = store
    .list()
    .flatMap(({ metadata: { namespace = '' }, spec: { assignments } }) =>
      assignments
        .filter(({ pod, uid }) => view.pods.get(namespace, pod)?.metadata.uid !== uid)
        .map(({ pod, uid }) => ({ namespace, pod, uid })),
    );
  const unseen: string[] = [];
  await boundedParallel(unknown, limit, async ({ namespace, pod, uid }) => {
    const found = await cluster.get(podKind, namespace, pod);
    if (found?.metadata.uid !== uid) return;
    // The watch may have brought it meanwhile.
    if (view.pods.get(namespace, pod)?.metadata.uid !== uid) unseen.push(`${namespace}/${pod}`);
  });
  return unseen;
}
