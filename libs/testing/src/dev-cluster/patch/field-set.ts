import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { ListShape, ListShapes } from '../registry/list-shape.js';

/**
 * A field of an object, as the elements of the FieldsV1 format (meta/v1) joined by SEPARATOR: `f:<name>` a field,
 * `k:{…}` the list item with these keys, `v:<json>` the set member with this value.
 */
export type FieldPath = string;

export const SEPARATOR = '\u0000';

/** Metadata that identifies the object or belongs to the server; nobody owns it. */
const UNOWNED_METADATA = new Set([
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
]);

/** The fields that hold a value, with it (`true` for the existence of a keyed list item). */
export function leafFields(object: ApiObject, shapes: ListShapes): Map<FieldPath, Json> {
  return fieldsOf(object, { shapes, withContainers: false, out: new Map() });
}

/** The fields of `leafFields` and the objects and lists that hold them, each as `true`. */
export function allFields(object: ApiObject, shapes: ListShapes): Map<FieldPath, Json> {
  return fieldsOf(object, { shapes, withContainers: true, out: new Map() });
}

interface Collection {
  readonly shapes: ListShapes;
  readonly withContainers: boolean;
  readonly out: Map<FieldPath, Json>;
}

function fieldsOf(object: ApiObject, into: Collection): Map<FieldPath, Json> {
  for (const [key, value] of Object.entries(object)) {
    if (key === 'apiVersion' || key === 'kind' || value === undefined) continue;
    if (key !== 'metadata') collect(value, `f:${key}`, [key], into);
    else {
      for (const [name, field] of Object.entries(object.metadata)) {
        if (UNOWNED_METADATA.has(name) || field === undefined) continue;
        collect(field as Json, `f:metadata${SEPARATOR}f:${name}`, ['metadata', name], into);
      }
    }
  }
  return into.out;
}

/** The path element of one item of a keyed list, keys in alphabetical order. */
export function itemElement(item: Json, shape: Extract<ListShape, { type: 'map' }>): string {
  const keys = [...shape.keys].sort().map((key) => {
    const value = isObject(item) ? item[key] : undefined;
    return [key, value ?? shape.keyDefaults?.[key] ?? null] as const;
  });
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

function collect(value: Json, at: FieldPath, path: string[], into: Collection): void {
  const { shapes, withContainers, out } = into;
  const shape = shapes(path);
  if (isObject(value) && shape?.type !== 'atomic') {
    if (withContainers || shape?.type === 'entry') out.set(at, true);
    else if (Object.keys(value).length === 0) out.set(at, {});
    collectFields(value, at, path, into);
  } else if (Array.isArray(value) && (shape?.type === 'map' || shape?.type === 'set')) {
    if (withContainers) out.set(at, true);
    for (const item of value) {
      const element = shape.type === 'set' ? `v:${JSON.stringify(item)}` : itemElement(item, shape);
      const itemAt = `${at}${SEPARATOR}${element}`;
      const isWhole = shape.type === 'map' && shape.hasAtomicItems === true;
      out.set(itemAt, isWhole ? item : true);
      if (isObject(item) && !isWhole) collectFields(item, itemAt, path, into);
    }
  } else out.set(at, value);
}

function collectFields(value: JsonObject, at: FieldPath, path: string[], into: Collection): void {
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) collect(field, `${at}${SEPARATOR}f:${key}`, [...path, key], into);
  }
}

/** Paths as the nested object of `managedFields[].fieldsV1`. */
export function toFieldsV1(paths: Iterable<FieldPath>): JsonObject {
  const root: JsonObject = {};
  for (const path of [...paths].sort()) {
    let node = root;
    for (const element of path.split(SEPARATOR)) {
      node[element] ??= {};
      node = node[element] as JsonObject;
    }
    node['.'] = {};
  }
  dropLeafDots(root);
  return root;
}

/** `.` says that the field itself is owned; a field with nothing below it needs no `.`. */
function dropLeafDots(node: JsonObject): void {
  const keys = Object.keys(node);
  if (keys.length === 1 && keys[0] === '.') delete node['.'];
  else for (const key of keys) if (key !== '.') dropLeafDots(node[key] as JsonObject);
}

export function fromFieldsV1(fields: JsonObject): Set<FieldPath> {
  const paths = new Set<FieldPath>();
  const walk = (node: JsonObject, at: string): void => {
    const keys = Object.keys(node);
    if (keys.length === 0 && at) paths.add(at);
    for (const key of keys) {
      if (key === '.') paths.add(at);
      else if (isObject(node[key])) walk(node[key], at ? `${at}${SEPARATOR}${key}` : key);
    }
  };
  walk(fields, '');
  return paths;
}

/** A path as people write it: `.spec.containers[name="a"].image`. */
export function formatPath(path: FieldPath): string {
  return path
    .split(SEPARATOR)
    .map((element) => {
      const body = element.slice(2);
      if (element.startsWith('f:')) return `.${body}`;
      if (element.startsWith('v:')) return `[=${body}]`;
      const keys = Object.entries(JSON.parse(body) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
