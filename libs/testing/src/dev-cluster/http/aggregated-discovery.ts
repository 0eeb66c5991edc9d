import type { JsonObject } from '../object/api-object.js';
import type { Registry } from '../registry/registry.js';
import type { Resource } from '../registry/resource.js';
import { resourcesOf } from './discovery.js';
import { describedResource } from './resource-description.js';

/** Media type of all groups, versions and resources in one answer. */
export const AGGREGATED_DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Whether an Accept header asks for discovery in one answer. */
export function wantsAggregatedDiscovery(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => {
    const parameters = range.split(';').map((part) => part.trim().toLowerCase());
    return ['application/json', 'g=apidiscovery.k8s.io', 'v=v2', 'as=apigroupdiscoverylist'].every((part) =>
      parameters.includes(part),
    );
  });
}

/** Everything below `/api` or `/apis`; undefined for another path. */
export function aggregatedDiscovery(registry: Registry, path: string): JsonObject | undefined {
  if (path !== '/api' && path !== '/apis') return undefined;
  const groups = registry.groups().filter(({ group }) => (group === '') === (path === '/api'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group ? { name: group } : {},
      versions: versions.map((version) => ({
        version,
        resources: resourcesOf(registry, group, version).map((resource) => entry(resource, group, version)),
        freshness: 'Current',
      })),
    })),
  };
}

function entry(resource: Resource, group: string, version: string): JsonObject {
  const { name, singular, kind, isNamespaced, verbs, shortNames, categories, subresources } =
    describedResource(resource);
  return {
    resource: name,
    responseKind: { group, version, kind },
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...verbs],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind },
            verbs: [...sub.verbs],
          })),
        }),
  };
}
