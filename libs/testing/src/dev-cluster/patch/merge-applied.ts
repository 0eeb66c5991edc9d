import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { ListShape, ListShapes } from '../registry/list-shape.js';
import { type FieldPath, itemElement, SEPARATOR } from './field-set.js';
import { mergedOrder } from './merged-order.js';

/** The live object with the applied configuration laid over it; lists merge by their shape. */
export function mergeApplied(live: ApiObject, config: ApiObject, shapes: ListShapes): ApiObject {
  return mergeValue(live, config, [], shapes) as ApiObject;
}

function mergeValue(live: Json | undefined, config: Json, path: string[], shapes: ListShapes): Json {
  const shape = shapes(path);
  if (isObject(config) && isObject(live) && shape?.type !== 'atomic')
    return mergeFields(live, config, path, shapes);
  if (!Array.isArray(config) || !Array.isArray(live)) return config;
  if (shape?.type === 'set') return mergeMembers(live, config);
  return shape?.type === 'map' ? mergeItems(live, config, path, shape, shapes) : config;
}

function mergeFields(live: JsonObject, config: JsonObject, path: string[], shapes: ListShapes): JsonObject {
  const result: JsonObject = { ...live };
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) result[key] = mergeValue(live[key], value, [...path, key], shapes);
  }
  return result;
}

/** The members of both sets, each once. */
function mergeMembers(live: Json[], config: Json[]): Json[] {
  const members = new Map([...live, ...config].map((member) => [JSON.stringify(member), member]));
  const order = mergedOrder(
    live.map((m) => JSON.stringify(m)),
    config.map((m) => JSON.stringify(m)),
  );
  return order.map((key) => members.get(key) as Json);
}

function mergeItems(
  live: Json[],
  config: Json[],
  path: string[],
  shape: Extract<ListShape, { type: 'map' }>,
  shapes: ListShapes,
): Json[] {
  const byKey = (list: Json[]): Map<string, Json> =>
    new Map(list.map((item) => [itemElement(item, shape), item]));
  const [existing, applied] = [byKey(live), byKey(config)];
  return mergedOrder([...existing.keys()], [...applied.keys()]).map((key): Json => {
    const [was, item] = [existing.get(key), applied.get(key)];
    if (was === undefined || item === undefined) return (item ?? was) as Json;
    const isMerged = !shape.hasAtomicItems && isObject(was) && isObject(item);
    return isMerged ? mergeFields(was, item, path, shapes) : item;
  });
}

/** A copy without the given fields and all that is in them. */
export function removeFields(
  object: ApiObject,
  removed: readonly FieldPath[],
  shapes: ListShapes,
): ApiObject {
  if (removed.length === 0) return object;
  const result = structuredClone(object);
  for (const path of removed) removeField(result, path.split(SEPARATOR), [], shapes);
  return result;
}

function removeField(
  container: Json | undefined,
  [element = '', ...rest]: string[],
  path: string[],
  shapes: ListShapes,
): void {
  if (Array.isArray(container)) {
    const index = findItem(container, element, shapes(path));
    if (index === -1) return;
    if (rest.length === 0) container.splice(index, 1);
    // Its keys make an item what it is: they stay as long as the item stays.
    else if (!isKey(rest, shapes(path))) removeField(container[index], rest, path, shapes);
    return;
  }
  if (!isObject(container)) return;
  const name = element.slice(2);
  if (rest.length === 0) delete container[name];
  else removeField(container[name], rest, [...path, name], shapes);
}

function findItem(list: Json[], element: string, shape: ListShape | undefined): number {
  if (element.startsWith('v:')) return list.findIndex((item) => JSON.stringify(item) === element.slice(2));
  return shape?.type === 'map' ? list.findIndex((item) => itemElement(item, shape) === element) : -1;
}

function isKey(rest: readonly string[], shape: ListShape | undefined): boolean {
  return rest.length === 1 && shape?.type === 'map' && shape.keys.includes((rest[0] ?? '').slice(2));
}
