import type { KubernetesCluster } from '@penstock/cluster';
import { apiVersionOf, CUSTOM_RESOURCES } from '@penstock/contracts';
import { ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';
import { missingRights } from '../missing-rights.js';

const { ok, warn, fail } = findings('cluster');

const definitionKind: ResourceKind<Definition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

interface Definition extends ClusterObject {
  readonly spec: { readonly versions: ReadonlyArray<{ readonly name: string; readonly served: boolean }> };
}

/** Whether the API answers, what its user may do, and whether the custom resources are served. */
export const checkCluster = (cluster: KubernetesCluster): Check => ({
  area: 'cluster',
  run: async () => {
    const version = await cluster.version().catch((error: Error) => {
      throw new Error(`the API cannot be used: ${error.message}; check --kubeconfig and --context`);
    });
    const rest = await Promise.all([rights(cluster), definitions(cluster)]);
    return [ok('version', `Kubernetes ${version}`), ...rest];
  },
});

async function rights(cluster: KubernetesCluster): Promise<Finding> {
  const missing = await missingRights(cluster);
  if (missing.length === 0) return ok('rights', 'this user may do all that the services and commands do');
  return warn(
    'rights',
    `this user may not ${missing.join(', ')}`,
    'needed by the services, and by replay and top where they use this user: bind a role with these verbs',
  );
}

async function definitions(cluster: KubernetesCluster): Promise<Finding> {
  const problems = (
    await Promise.all(CUSTOM_RESOURCES.map(({ resource }) => definition(cluster, resource as ResourceKind)))
  ).flat();
  if (problems.length === 0)
    return ok('definitions', `all ${CUSTOM_RESOURCES.length} custom resources are served`);
  return fail('definitions', problems.join('; '), 'kubectl apply --server-side -f deploy/crds');
}

async function definition(cluster: KubernetesCluster, resource: ResourceKind): Promise<string[]> {
  const name = `${resource.plural}.${resource.group}`;
  try {
    const found = await cluster.get(definitionKind, undefined, name);
    if (!found) return [`${name} is not installed`];
    const isServed = found.spec.versions.some(
      ({ name: version, served }) => version === resource.version && served,
    );
    return isServed ? [] : [`${name} does not serve ${resource.version}`];
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason !== 'forbidden') throw error;
    return servedAnyway(cluster, resource, name);
  }
}

/** Users that may not read definitions may still list the resource itself. */
async function servedAnyway(
  cluster: KubernetesCluster,
  resource: ResourceKind,
  name: string,
): Promise<string[]> {
  try {
    await cluster.list(resource, {});
    return [];
  } catch (error) {
    if (error instanceof ClusterError && error.reason === 'forbidden') return [];
    return [`${apiVersionOf(resource)} ${name} is not served`];
  }
}
