import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';
import { until } from '../fakes/until.js';

const definitionKind: ResourceKind<
  ClusterObject & { status?: { conditions?: Array<{ type: string; status: string }> } }
> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/**
 * Installs CustomResourceDefinitions one after the other; resolves when all of them are established. A real server, on
 * a busy machine above all, takes its time.
 */
export async function installDefinitions(
  cluster: Cluster,
  definitions: readonly ClusterObject[],
  patienceMs = 60_000,
): Promise<void> {
  for (const definition of definitions) {
    await cluster.create(definitionKind, definition);
    await until(async () => {
      const found = await cluster.get(definitionKind, undefined, definition.metadata.name);
      return found?.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false;
    }, patienceMs);
  }
}
