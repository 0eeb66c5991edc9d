import type { Json, JsonObject } from './api-object.js';
import { isObject } from './json.js';

/** `a=b,c=d` of a map of labels, in the order of the keys. */
export function formatLabels(labels: Json | undefined): string {
  return isObject(labels)
    ? Object.keys(labels)
        .sort()
        .map((key) => `${key}=${String(labels[key])}`)
        .join(',')
    : '';
}

/** A `meta/v1` LabelSelector as the text that a `labelSelector` parameter takes. Empty when it selects everything. */
export function formatLabelSelector(selector: Json | undefined): string {
  if (!isObject(selector)) return '';
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  return [formatLabels(selector['matchLabels']), ...expressions.filter(isObject).map(formatExpression)]
    .filter((part) => part !== '')
    .join(',');
}

function formatExpression({ key, operator, values }: JsonObject): string {
  const list = Array.isArray(values) ? values.map(String).sort().join(',') : '';
  if (operator === 'Exists') return String(key);
  if (operator === 'DoesNotExist') return `!${String(key)}`;
  return `${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${list})`;
}
