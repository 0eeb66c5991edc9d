import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';

interface AccessReview extends ClusterObject {
  readonly spec: {
    readonly resourceAttributes: { group: string; resource: string; subresource?: string; verb: string };
  };
  readonly status?: { readonly allowed: boolean };
}

const accessReviewKind: ResourceKind<AccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
};

/** `verbs resource.group`, as the services' READMEs name them. */
const RIGHTS: ReadonlyArray<readonly [verbs: string, resource: string, group: string]> = [
  ['list watch', 'pods', ''],
  ['create delete patch', 'pods', ''],
  ['create', 'pods/binding', ''],
  ['list watch', 'nodes', ''],
  ['list watch patch', 'inferencepools', 'inference.networking.k8s.io'],
  ['list watch', 'inferencemodels', 'inference.networking.x-k8s.io'],
  ['list watch', 'podcliquesets', 'grove.io'],
  ['patch', 'podcliques/scale', 'grove.io'],
  ['list watch create', 'gangplacements', 'penstock.dev'],
  ['list watch', 'variantautoscalings', 'llmd.ai'],
  ['create update', 'leases', 'coordination.k8s.io'],
];

/** What the user of the connection may not do of what the services do, as `verb resource.group`. */
export async function missingRights(cluster: Cluster): Promise<string[]> {
  const asked = RIGHTS.flatMap(([verbs, path, group]) => {
    const [resource = '', subresource] = path.split('/');
    return verbs.split(' ').map((verb) => ({ group, resource, ...(subresource && { subresource }), verb }));
  });
  const answers = await Promise.all(
    asked.map(async (resourceAttributes) => {
      const { status } = await cluster.create(accessReviewKind, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: {} as AccessReview['metadata'],
        spec: { resourceAttributes },
      });
      const { verb, resource, subresource, group } = resourceAttributes;
      const path = subresource ? `${resource}/${subresource}` : resource;
      return status?.allowed ? [] : [`${verb} ${path}${group && `.${group}`}`];
    }),
  );
  return answers.flat();
}
