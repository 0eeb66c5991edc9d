import type { JsonObject } from '../object/api-object.js';
import type { Registry } from '../registry/registry.js';
import { apiVersionOf, type Resource } from '../registry/resource.js';
import { describedResource, type ResourceDescription } from './resource-description.js';

/** The Kubernetes release whose behaviour the API follows. */
export const KUBERNETES_VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+penstock' };

/** The answers to discovery requests; undefined for a path that is no discovery. */
export function discover(registry: Registry, path: string, host: string): JsonObject | undefined {
  const parts = path.split('/').filter(Boolean);
  if (path === '/version') {
    return {
      ...KUBERNETES_VERSION,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '1970-01-01T00:00:00Z',
      goVersion: '',
      compiler: '',
      platform: `${process.platform}/${process.arch}`,
    };
  }
  if (parts[0] === 'api' && parts.length === 1) {
    const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress: host }];
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: addresses };
  }
  if (parts[0] === 'apis' && parts.length === 1) {
    const groups = registry.groups().filter(({ group }) => group !== '');
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map(({ group, versions }) => groupOf(group, versions)),
    };
  }
  if (parts[0] === 'apis' && parts.length === 2) {
    const found = registry.groups().find(({ group }) => group === parts[1]);
    return found && { ...groupOf(found.group, found.versions), kind: 'APIGroup', apiVersion: 'v1' };
  }
  if (parts[0] === 'api' && parts.length === 2) return resourceList(registry, '', parts[1] ?? '');
  return parts[0] === 'apis' && parts.length === 3
    ? resourceList(registry, parts[1] ?? '', parts[2] ?? '')
    : undefined;
}

function groupOf(group: string, versions: readonly string[]): JsonObject {
  const all = versions.map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

/** Resources of one group and version, by name. */
export function resourcesOf(registry: Registry, group: string, version: string): Resource[] {
  return registry
    .all()
    .filter((r) => r.group === group && r.versions.some((v) => v.name === version))
    .sort((a, b) => (a.plural < b.plural ? -1 : 1));
}

function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const resources = resourcesOf(registry, group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: resources.flatMap((resource) => entries(describedResource(resource))),
  };
}

function entries(description: ResourceDescription): JsonObject[] {
  const { name, singular, isNamespaced, kind, verbs, shortNames, categories, subresources } = description;
  const main: JsonObject = {
    name,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs: [...verbs],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
  };
  const parts = subresources.map((sub) => ({
    name: `${name}/${sub.name}`,
    singularName: '',
    namespaced: isNamespaced,
    ...(sub.group ? { group: sub.group, version: sub.version ?? '' } : {}),
    kind: sub.kind,
    verbs: [...sub.verbs],
  }));
  return [main, ...parts];
}
