import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import type { ListShape, ListShapes } from '../registry/list-shape.js';
import { type FieldPath, itemElement, SEPARATOR } from './field-set.js';

/** The live object with the applied configuration laid over it; lists merge by their shape. */
export function mergeApplied(live: ApiObject, config: ApiObject, shapes: ListShapes): ApiObject {
  return mergeValue(live, config, [], shapes) as ApiObject;
}

function mergeValue(live: Json | undefined, config: Json, path: string[], shapes: ListShapes): Json {
  const shape = shapes(path);
  if (isObject(config) && isObject(live) && shape?.type !== 'atomic')
    return mergeFields(live, config, path, shapes);
  if (!Array.isArray(config) || !Array.isArray(live)) return config;
  if (shape?.type === 'set')
    return [...live, ...config.filter((item) => !live.some((l) => sameJson(l, item)))];
  return shape?.type === 'map' ? mergeItems(live, config, path, shape, shapes) : config;
}

function mergeFields(live: JsonObject, config: JsonObject, path: string[], shapes: ListShapes): JsonObject {
  const result: JsonObject = { ...live };
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) result[key] = mergeValue(live[key], value, [...path, key], shapes);
  }
  return result;
}

function mergeItems(
  live: Json[],
  config: Json[],
  path: string[],
  shape: Extract<ListShape, { type: 'map' }>,
  shapes: ListShapes,
): Json[] {
  const result = [...live];
  const positions = new Map(live.map((item, i) => [itemElement(item, shape), i]));
  for (const item of config) {
    const at = positions.get(itemElement(item, shape));
    const existing = at === undefined ? undefined : live[at];
    if (at === undefined) result.push(item);
    else if (shape.hasAtomicItems) result[at] = item;
    else if (isObject(existing) && isObject(item)) result[at] = mergeFields(existing, item, path, shapes);
  }
  return result;
}

/**
 * A copy without the given fields. Objects and lists that become empty by it go too, unless someone wants them.
 *
 * @param wanted fields the new configuration names and those that others own
 */
export function removeFields(
  object: ApiObject,
  removed: readonly FieldPath[],
  wanted: ReadonlySet<FieldPath>,
  shapes: ListShapes,
): ApiObject {
  if (removed.length === 0) return object;
  const result = structuredClone(object);
  // Longest first, so that a list item goes after the fields inside it.
  for (const path of [...removed].sort((a, b) => b.length - a.length)) {
    removeField(result, path.split(SEPARATOR), [], '', wanted, shapes);
  }
  return result;
}

/** @returns whether the container is empty now and may go */
function removeField(
  container: Json | undefined,
  [element, ...rest]: string[],
  path: string[],
  at: FieldPath,
  wanted: ReadonlySet<FieldPath>,
  shapes: ListShapes,
): boolean {
  if (element === undefined) return false;
  const here = at ? `${at}${SEPARATOR}${element}` : element;
  if (Array.isArray(container)) {
    const index = findItem(container, element, shapes(path));
    if (index === -1) return false;
    if (rest.length === 0) container.splice(index, 1);
    // Its keys make an item what it is: they stay as long as the item stays.
    else if (!isKey(rest, shapes(path))) removeField(container[index], rest, path, here, wanted, shapes);
    return container.length === 0;
  }
  if (!isObject(container)) return false;
  const name = element.slice(2);
  if (rest.length === 0) delete container[name];
  else if (removeField(container[name], rest, [...path, name], here, wanted, shapes) && !wanted.has(here)) {
    delete container[name];
  }
  // Kinds are written for a spec and a status that may be empty, not for none.
  const mayGo = path.length > 1 || (path.length === 1 && path[0] !== 'spec' && path[0] !== 'status');
  return mayGo && Object.keys(container).length === 0;
}

function findItem(list: Json[], element: string, shape: ListShape | undefined): number {
  if (element.startsWith('v:')) return list.findIndex((item) => JSON.stringify(item) === element.slice(2));
  return shape?.type === 'map' ? list.findIndex((item) => itemElement(item, shape) === element) : -1;
}

function isKey(rest: readonly string[], shape: ListShape | undefined): boolean {
  return rest.length === 1 && shape?.type === 'map' && shape.keys.includes((rest[0] ?? '').slice(2));
}
