import { apiVersionOf, type Resource, type ResourceVersion, resourceKey } from './resource.js';

/** A resource seen through one of its served versions. */
export interface ServedResource {
  readonly resource: Resource;
  readonly version: ResourceVersion;
  /** e.g. `v1`, `apps/v1` */
  readonly apiVersion: string;
}

export interface GroupVersions {
  readonly group: string;
  /** Preferred first. */
  readonly versions: readonly string[];
}

/** Every resource served now. */
export class Registry {
  private readonly resources = new Map<string, Resource>();

  constructor(builtins: readonly Resource[]) {
    for (const resource of builtins) this.register(resource);
  }

  register(resource: Resource): void {
    this.resources.set(resourceKey(resource), resource);
  }

  unregister(key: string): void {
    this.resources.delete(key);
  }

  /** @param key `plural.group` or `plural` */
  byKey(key: string): Resource | undefined {
    return this.resources.get(key);
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    const resource = this.resources.get(resourceKey({ group, plural }));
    const served = resource?.versions.find((v) => v.name === version);
    return resource && served
      ? { resource, version: served, apiVersion: apiVersionOf(group, version) }
      : undefined;
  }

  /** The resource in the version its objects are stored in, for the cluster's own controllers. */
  stored(key: string): ServedResource {
    const resource = this.resources.get(key);
    if (!resource) throw new Error(`no resource ${key}`);
    const version = resource.versions.find((v) => v.name === resource.storageVersion) ?? {
      name: resource.storageVersion,
    };
    return { resource, version, apiVersion: apiVersionOf(resource.group, version.name) };
  }

  all(): Resource[] {
    return [...this.resources.values()];
  }

  /**
   * Groups with their served versions: the core group (empty name) first, then the built-in ones, then those of custom
   * resource definitions, by name. Where two groups have a kind of one name, kubectl takes the first.
   */
  groups(): GroupVersions[] {
    const groups = new Map<string, { versions: Set<string>; isBuiltin: boolean }>();
    for (const { group, versions, custom } of this.resources.values()) {
      const known = groups.get(group) ?? { versions: new Set(), isBuiltin: false };
      for (const version of versions) known.versions.add(version.name);
      groups.set(group, { ...known, isBuiltin: known.isBuiltin || !custom });
    }
    return [...groups]
      .sort(([a, { isBuiltin: first }], [b, { isBuiltin: second }]) =>
        first === second ? (rank(a) < rank(b) ? -1 : 1) : first ? -1 : 1,
      )
      .map(([group, { versions }]) => ({ group, versions: [...versions] }));
  }
}

/** Workloads come before what only looks like them. */
const rank = (group: string): string => (group === 'apps' ? '.apps' : group);
