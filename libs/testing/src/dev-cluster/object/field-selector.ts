import type { ApiObject } from './api-object.js';
import { splitPath, valueAt } from './json.js';
import { refuse } from './refusals.js';

export type FieldPredicate = (object: ApiObject) => boolean;

/** Fields every kind can be selected by. */
export const COMMON_SELECTABLE_FIELDS = ['metadata.name', 'metadata.namespace'];

/**
 * Parses a `fieldSelector` query parameter: `metadata.name=x,status.phase!=Running`. An absent field compares
 * as the empty string, as in the real server.
 *
 * @param selectable dotted paths this kind can be selected by besides the common ones
 * @throws ApiError 400 for a field the kind cannot be selected by
 */
export function parseFieldSelector(
  selector: string | undefined,
  selectable: readonly string[],
): FieldPredicate {
  if (!selector?.trim()) return () => true;
  const terms = selector.split(',').map((text) => {
    const match = /^\s*([\w.-]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(text);
    if (!match)
      throw refuse.badRequest(`invalid field selector ${JSON.stringify(text)}: expected field=value`);
    const [, field = '', op, value = ''] = match;
    if (!COMMON_SELECTABLE_FIELDS.includes(field) && !selectable.includes(field)) {
      throw refuse.badRequest(
        selectable.length > COMMON_SELECTABLE_FIELDS.length
          ? `field label not supported: ${field}`
          : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    }
    return { path: splitPath(field), negate: op === '!=', value };
  });
  return (object) =>
    terms.every(({ path, negate, value }) => (String(valueAt(object, path) ?? '') === value) !== negate);
}
