import jsonPatch, { type Operation } from 'fast-json-patch';
import { ApiError } from '../object/api-error.js';
import type { Json } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';

/** Upper bound of operations in one patch, as in the real server. */
const MAX_OPERATIONS = 10_000;

/**
 * Applies an RFC 6902 patch to a copy.
 *
 * @throws ApiError 400 when it is not a list of operations, 422 when an operation cannot be applied
 */
export function applyJsonPatch<T extends Json>(target: T, patch: Json): T {
  if (!Array.isArray(patch)) throw refuse.badRequest('a JSON patch is a list of operations');
  if (patch.length > MAX_OPERATIONS) throw refuse.tooLarge(MAX_OPERATIONS);
  try {
    return jsonPatch.applyPatch(structuredClone(target), patch as unknown as Operation[], true).newDocument;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ApiError(
      422,
      'Invalid',
      `the server rejected our request due to an error in our request: ${why}`,
    );
  }
}
