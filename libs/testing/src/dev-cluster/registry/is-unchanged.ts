import type { Json } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { schemaChildren } from './schema-children.js';
import type { StructuralSchema } from './structural-schema.js';

/**
 * Whether the value at a JSON pointer, or something it is part of, is as it was: Kubernetes does not hold it against
 * an update that a schema became stricter about what the update leaves alone.
 */
export function isUnchanged(
  pointer: string,
  schema: StructuralSchema,
  value: Json,
  old: Json | undefined,
): boolean {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at = { schema, value, old };
  for (const key of keys) {
    if (at.old !== undefined && sameJson(at.value, at.old)) return true;
    const child = schemaChildren(at.value, at.schema, at.old).find((c) => String(c.key) === key);
    if (!child) return false;
    at = child;
  }
  return at.old !== undefined && sameJson(at.value, at.old);
}
