import type { RenderedObject } from '../../../../libs/testing/test/chart/rendered-object.js';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What a service may do or does: `patch apps/deployments/scale`; resources of the core group begin with a slash. */
export type Right = string;

export const rightOf = (verb: string, group: string, resource: string, subresource?: string): Right =>
  `${verb} ${group}/${resource}${subresource ? `/${subresource}` : ''}`;

/** Component → what the roles of the chart let it do, in any namespace. */
export function grantedRights(objects: readonly RenderedObject[]): Map<string, Set<Right>> {
  const rights = new Map<string, Set<Right>>();
  for (const { kind, metadata, rules } of objects) {
    if (kind !== 'Role' && kind !== 'ClusterRole') continue;
    const component = metadata.labels?.['app.kubernetes.io/component'] ?? '';
    const granted = rights.get(component) ?? new Set();
    rights.set(component, granted);
    for (const { apiGroups, resources, verbs } of rules as Rule[]) {
      for (const group of apiGroups) {
        for (const resource of resources)
          for (const verb of verbs) granted.add(rightOf(verb, group, resource));
      }
    }
  }
  return rights;
}
