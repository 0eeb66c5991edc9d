import type { ExtraKey } from '@penstock/core/kv';

const MAX_NESTED_KEYS = 4;

/** Whether MessagePack gave a map (and no array, bytes, extension or scalar). */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A whole number of at least 0, null or undefined as undefined; `bad` for anything else. */
export function optionalCount(value: unknown): number | undefined | 'bad' {
  if (value === undefined || value === null) {
    return undefined;
  }
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 'bad';
}

/** Extra keys of one block; undefined when something in them has no place in `ExtraKey`. */
export function extraKeyList(value: unknown): readonly ExtraKey[] | undefined {
  const key = extraKey([value], 0);
  return Array.isArray(key) && Array.isArray(key[0]) ? (key[0] as readonly ExtraKey[]) : undefined;
}

function extraKey(value: unknown, depth: number): ExtraKey | undefined {
  if (value === null) {
    return null;
  }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
  }
  if (value instanceof Uint8Array) {
    // A copy: the original is a window on the whole message and would keep it in memory.
    return Uint8Array.from(value);
  }
  if (!Array.isArray(value) || depth >= MAX_NESTED_KEYS) {
    return undefined;
  }
  const keys: ExtraKey[] = [];
  for (const item of value) {
    const key = extraKey(item, depth + 1);
    if (key === undefined) {
      return undefined;
    }
    keys.push(key);
  }
  return keys;
}
