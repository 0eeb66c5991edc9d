import type { ExtraKey, Hash } from '@penstock/core/kv';
import { hashLow64 } from '../block-hash/index.js';

const MIN_DIGEST_BYTES = 8;
const MAX_DIGEST_BYTES = 64;
const MAX_NESTED_KEYS = 4;

/**
 * A block hash as engines write it: a digest (its last 8 bytes count), an unsigned or a signed 64-bit integer
 * (SGLang; two's complement). Undefined when it is none of these.
 */
export function hashValue(value: unknown): Hash | undefined {
  if (typeof value === 'bigint') {
    return BigInt.asUintN(64, value);
  }
  if (value instanceof Uint8Array) {
    return value.length >= MIN_DIGEST_BYTES && value.length <= MAX_DIGEST_BYTES
      ? hashLow64(value)
      : undefined;
  }
  return Number.isSafeInteger(value) ? BigInt.asUintN(64, BigInt(value as number)) : undefined;
}

/** The digest behind a hash that `hashValue` took; null where the engine sent an integer. */
export function wholeDigest(value: unknown): Uint8Array | null {
  // A copy: the original is a window on the whole message and would keep it in memory.
  return value instanceof Uint8Array ? Uint8Array.from(value) : null;
}

/** All hashes of an event, in order, and how many values were none. Undefined when there is no list. */
export function hashList(value: unknown): { hashes: Hash[]; bad: number } | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const hashes: Hash[] = [];
  for (const item of value) {
    const hash = hashValue(item);
    if (hash !== undefined) {
      hashes.push(hash);
    }
  }
  return { hashes, bad: value.length - hashes.length };
}

/** Whether every value is a token id (a whole number 0 … 2^32-1). */
export function areTokenIds(values: readonly unknown[]): values is readonly number[] {
  for (const value of values) {
    if (typeof value !== 'number' || value >>> 0 !== value) {
      return false;
    }
  }
  return true;
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
