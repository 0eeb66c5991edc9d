import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from './api-object.js';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality in which an absent field equals an undefined one (neither reaches the wire). */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const key of keys) if (!sameJson(a[key], b[key])) return false;
    return true;
  }
  return isDeepStrictEqual(a, b);
}

/** The value at a dotted path of plain field names, or undefined. */
export function valueAt(object: Json | undefined, path: readonly string[]): Json | undefined {
  let value = object;
  for (const key of path) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** `.spec.replicas` (as custom resource definitions write paths) → `['spec', 'replicas']`. */
export function splitPath(path: string): string[] {
  return path.split('.').filter((part) => part !== '');
}
