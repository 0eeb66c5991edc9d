import { CUSTOM_RESOURCES, customResourceDefinition } from '@penstock/contracts';
import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';
import { until } from '@penstock/testing';

const definitionKind: ResourceKind<
  ClusterObject & { status?: { conditions?: Array<{ type: string; status: string }> } }
> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const GROUPS = ['inference.networking.k8s.io', 'inference.networking.x-k8s.io', 'llm-d.ai', 'llmd.ai'];

/** Installs the definitions of what the scheduler reads; resolves when all of them are served. */
export async function installDefinitions(cluster: Cluster, patienceMs: number): Promise<void> {
  for (const entry of CUSTOM_RESOURCES.filter(({ resource }) => GROUPS.includes(resource.group))) {
    const definition = customResourceDefinition(entry);
    await cluster.create(definitionKind, definition);
    await until(async () => {
      const found = await cluster.get(definitionKind, undefined, definition.metadata.name);
      return found?.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false;
    }, patienceMs);
  }
}
