import type { Json, JsonObject } from '../object/api-object.js';
import type { Registry } from '../registry/registry.js';
import { apiVersionOf, type Resource } from '../registry/resource.js';

/** The Kubernetes release whose behaviour the API follows. */
export const KUBERNETES_VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+penstock' };

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const WRITE_PART = ['get', 'patch', 'update'];

/** The answers to discovery requests; undefined for a path that is no discovery. */
export function discover(registry: Registry, path: string, host: string): JsonObject | undefined {
  const parts = path.split('/').filter(Boolean);
  if (path === '/version') {
    const { major, minor, gitVersion } = KUBERNETES_VERSION;
    return {
      major,
      minor,
      gitVersion,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '',
      goVersion: '',
      compiler: '',
      platform: '',
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

function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const resources = registry
    .all()
    .filter((r) => r.group === group && r.versions.some((v) => v.name === version));
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: resources.flatMap(entries),
  };
}

function entries(resource: Resource): Json[] {
  const { plural, singular, kind, namespaced, shortNames, categories } = resource;
  const main: JsonObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: VERBS,
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
  };
  const sub = (
    name: string,
    subKind: string,
    verbs: readonly string[],
    more: JsonObject = {},
  ): JsonObject => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: subKind,
    verbs: [...verbs],
    ...more,
  });
  return [
    main,
    ...(resource.hasStatus ? [sub('status', kind, WRITE_PART)] : []),
    ...(resource.scale ? [sub('scale', 'Scale', WRITE_PART, { group: 'autoscaling', version: 'v1' })] : []),
    ...resource.subresources.map((s) => sub(s.name, s.kind, s.verbs)),
  ];
}
