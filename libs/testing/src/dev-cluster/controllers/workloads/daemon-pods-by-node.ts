import type { ApiObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';

/**
 * Pods of a DaemonSet by the node they are on or meant for, on each node those that count first: scheduled before
 * waiting, older before younger. A pod that is meant for no node, which can only be an adopted one, is left out.
 */
export function daemonPodsByNode(pods: readonly ApiObject[]): Map<string, ApiObject[]> {
  const byNode = new Map<string, ApiObject[]>();
  for (const pod of [...pods].sort(byPrecedence)) {
    const name = nodeNameOf(pod);
    if (name !== undefined) byNode.set(name, [...(byNode.get(name) ?? []), pod]);
  }
  return byNode;
}

function byPrecedence(a: ApiObject, b: ApiObject): number {
  const isScheduled = ({ spec }: ApiObject): number => (spec?.['nodeName'] ? 1 : 0);
  return (
    isScheduled(b) - isScheduled(a) ||
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

function nodeNameOf({ spec }: ApiObject): string | undefined {
  if (typeof spec?.['nodeName'] === 'string' && spec['nodeName']) return spec['nodeName'];
  const path = ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'];
  const terms = valueAt(spec, [...path, 'nodeSelectorTerms']);
  for (const term of Array.isArray(terms) ? terms : []) {
    const fields = valueAt(term, ['matchFields']);
    for (const { key, operator, values } of Array.isArray(fields) ? fields.filter(isObject) : []) {
      const isName = key === 'metadata.name' && operator === 'In' && Array.isArray(values);
      if (isName && typeof values[0] === 'string') return values[0];
    }
  }
  return undefined;
}
