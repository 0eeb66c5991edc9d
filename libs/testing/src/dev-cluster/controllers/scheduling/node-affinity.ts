import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';

const objects = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** Whether a node is one that a pod may run on by its `nodeSelector` and its required node affinity. */
export function matchesNode(pod: ApiObject, node: ApiObject): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = pod.spec?.['nodeSelector'];
  if (isObject(selector) && !Object.entries(selector).every(([key, value]) => labels[key] === value))
    return false;
  const required = valueAt(pod.spec, [
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  ]);
  // One term of several is enough.
  return (
    !isObject(required) || objects(required['nodeSelectorTerms']).some((term) => matchesTerm(term, node))
  );
}

/** A term without any requirement matches nothing. */
function matchesTerm(term: JsonObject, node: ApiObject): boolean {
  const expressions = objects(term['matchExpressions']);
  const fields = objects(term['matchFields']);
  const labels = node.metadata.labels ?? {};
  return (
    expressions.length + fields.length > 0 &&
    expressions.every((expression) => matchesRequirement(expression, labels[String(expression['key'])])) &&
    // metadata.name is the only field a node can be selected by.
    fields.every((field) => field['key'] === 'metadata.name' && matchesRequirement(field, node.metadata.name))
  );
}

/** One requirement of core/v1 NodeSelectorRequirement. */
function matchesRequirement({ operator, values }: JsonObject, value: string | undefined): boolean {
  const wanted = Array.isArray(values) ? values.map(String) : [];
  const bound = wanted[0];
  const isWhole = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text);
  switch (operator) {
    case 'In':
      return value !== undefined && wanted.includes(value);
    case 'NotIn':
      return value === undefined || !wanted.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isWhole(value) && isWhole(bound) && BigInt(value) > BigInt(bound);
    case 'Lt':
      return isWhole(value) && isWhole(bound) && BigInt(value) < BigInt(bound);
    default:
      return false;
  }
}
