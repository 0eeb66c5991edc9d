import type { Resource } from '../registry/resource.js';

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const PART_VERBS = ['get', 'patch', 'update'];

/** What discovery says of a resource. */
export interface ResourceDescription {
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** By name. */
  readonly subresources: Resource['subresources'];
}

export function describedResource(resource: Resource): ResourceDescription {
  const { plural, singular, kind, namespaced, shortNames, categories, verbs = ALL_VERBS } = resource;
  const subresources = [
    ...resource.subresources,
    ...(resource.hasStatus ? [{ name: 'status', kind, verbs: PART_VERBS }] : []),
    ...(resource.scale
      ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: PART_VERBS }]
      : []),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    name: plural,
    singular,
    kind,
    isNamespaced: namespaced,
    verbs,
    shortNames,
    categories,
    subresources,
  };
}
