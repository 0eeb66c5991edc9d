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
    mergeField(result, key, value as Json, path, mergeKeys);
  }
  // An order may come without the list when only a deletion or a reorder is meant.
  for (const key of Object.keys(patch)) {
    if (key.startsWith(ORDER)) reorder(result, key.slice(ORDER.length), patch[key], path, mergeKeys);
  }
  return result;
}

function mergeField(
  result: JsonObject,
  key: string,
  value: Json,
  path: string[],
  mergeKeys: MergeKeys,
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
    result[key] = mergeList(Array.isArray(current) ? current : [], value, [...path, key], mergeKeys);
  } else result[key] = value;
}

function mergeList(target: Json[], patch: Json[], path: string[], mergeKeys: MergeKeys): Json[] {
  const key = mergeKeys(path);
  if (key === '') return [...target, ...patch.filter((item) => !target.includes(item))];
  if (key === undefined) return structuredClone(patch);
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
  return result;
}

function reorder(
  object: JsonObject,
  field: string,
  order: Json | undefined,
  path: string[],
  mergeKeys: MergeKeys,
): void {
  const list = object[field];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const key = mergeKeys([...path, field]);
  const identity = (item: Json): string => JSON.stringify(key && isObject(item) ? item[key] : item);
  const wanted = order.map(identity);
  const position = (item: Json): number => {
    const index = wanted.indexOf(identity(item));
    return index === -1 ? wanted.length : index;
  };
  object[field] = [...list].sort((a, b) => position(a) - position(b));
}
