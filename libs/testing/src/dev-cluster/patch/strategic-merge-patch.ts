import type { Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import { refuse } from '../object/refusals.js';
import type { MergeKeys } from '../registry/types/type-shapes.js';

const ORDER = '$setElementOrder/';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch to a copy: like a JSON merge patch, but lists whose items have a key merge item
 * by item (Kubernetes API conventions; directives `$patch`, `$retainKeys`, `$setElementOrder`,
 * `$deleteFromPrimitiveList`).
 */
export function applyStrategicMergePatch<T extends JsonObject>(
  target: T,
  patch: Json,
  mergeKeys: MergeKeys,
): T {
  if (!isObject(patch)) throw refuse.badRequest('a strategic merge patch is a JSON object');
  return mergeObject(target, patch, [], mergeKeys) as T;
}

function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  path: string[],
  mergeKeys: MergeKeys,
): JsonObject {
  if (patch['$patch'] === 'replace') {
    const { $patch: _directive, ...replacement } = patch;
    return structuredClone(replacement);
  }
  if (patch['$patch'] === 'delete') return {};
  const result: JsonObject = structuredClone(target);
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained))
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') && !key.startsWith(DELETE_PRIMITIVES)) continue;
    mergeField(result, key, value as Json, path, mergeKeys, patch[ORDER + key]);
  }
  // An order may come without the list when only a reorder is meant.
  for (const key of Object.keys(patch)) {
    const field = key.slice(ORDER.length);
    if (key.startsWith(ORDER) && patch[field] === undefined && Array.isArray(result[field]))
      mergeField(result, field, [], path, mergeKeys, patch[key]);
  }
  return result;
}

function mergeField(
  result: JsonObject,
  key: string,
  value: Json,
  path: string[],
  mergeKeys: MergeKeys,
  order?: Json,
): void {
  if (key.startsWith(DELETE_PRIMITIVES)) {
    const field = key.slice(DELETE_PRIMITIVES.length);
    const list = result[field];
    if (Array.isArray(list) && Array.isArray(value))
      result[field] = list.filter((item) => !value.includes(item));
  } else if (value === null) {
    delete result[key];
  } else if (isObject(value)) {
    const current = result[key];
    result[key] = mergeObject(isObject(current) ? current : {}, value, [...path, key], mergeKeys);
  } else if (Array.isArray(value)) {
    const current = result[key];
    const list = Array.isArray(current) ? current : [];
    result[key] = mergeList(list, value, [...path, key], mergeKeys, Array.isArray(order) ? order : value);
  } else result[key] = value;
}

function mergeList(
  target: Json[],
  patch: Json[],
  path: string[],
  mergeKeys: MergeKeys,
  order: Json[],
): Json[] {
  const key = mergeKeys(path);
  if (key === undefined) return structuredClone(patch);
  if (key === '') {
    const union = [...target, ...patch.filter((item) => !target.includes(item))];
    return inOrder(union, order, target, (item) => JSON.stringify(item));
  }
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return structuredClone(patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace')));
  }
  const result = [...target];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw refuse.badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const at = result.findIndex((existing) => isObject(existing) && sameJson(existing[key], item[key]));
    if (item['$patch'] === 'delete') {
      if (at !== -1) result.splice(at, 1);
    } else if (at === -1) result.push(mergeObject({}, item, path, mergeKeys));
    else result[at] = mergeObject(result[at] as JsonObject, item, path, mergeKeys);
  }
  return inOrder(result, order, target, (item) => JSON.stringify(isObject(item) ? item[key] : item));
}

/**
 * Merges what the patch orders with what it does not speak of: an item of the latter comes first only when the list
 * had it before the next item of the former.
 *
 * @param order items of the patch, or of its `$setElementOrder`, in the order they shall have
 * @param before the list as it was
 */
function inOrder(list: Json[], order: Json[], before: Json[], identity: (item: Json) => string): Json[] {
  const [wanted, was] = [order.map(identity), before.map(identity)];
  const ordered = list
    .filter((item) => wanted.includes(identity(item)))
    .sort((a, b) => wanted.indexOf(identity(a)) - wanted.indexOf(identity(b)));
  const others = list.filter((item) => !wanted.includes(identity(item)));
  const result: Json[] = [];
  for (const item of ordered) {
    const at = was.indexOf(identity(item));
    while (others[0] !== undefined && was.indexOf(identity(others[0])) < at)
      result.push(others.shift() as Json);
    result.push(item);
  }
  return [...result, ...others];
}
