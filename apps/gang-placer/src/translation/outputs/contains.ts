/**
 * Whether a value has everything that is wanted: more fields than wanted do no harm (the API fills in defaults), more
 * elements of a list do.
 */
export function contains(value: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((element, i) => contains(value[i], element))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return Object.is(value, wanted);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(wanted).every(([key, field]) =>
    contains((value as Record<string, unknown>)[key], field),
  );
}
