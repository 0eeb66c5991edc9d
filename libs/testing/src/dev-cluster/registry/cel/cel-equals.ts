/** Equality of two CEL values of one type: by content, numbers and times by value, objects and maps by their fields. */
export function celEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => celEquals(item, b[i]));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && celEquals(value, b.get(key)));
  }
  if (a.constructor !== b.constructor) return false;
  // Times, durations and numbers of the library tell their value; other objects are their own value.
  const [valueOfA, valueOfB] = [a.valueOf(), b.valueOf()];
  if (valueOfA !== a) return valueOfA === valueOfB;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => celEquals((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
