import jsonPatch, { type Operation } from 'fast-json-patch';
import { ApiError } from '../object/api-error.js';
import type { Json } from '../object/api-object.js';
import { isObject } from '../object/json.js';
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
    let document: Json = structuredClone(target);
    for (const operation of patch as unknown as Operation[]) {
      const isAddition = addsWhatIsMissing(document, operation);
      const lenient = (isAddition ? { ...operation, op: 'add' } : operation) as Operation;
      document = jsonPatch.applyOperation(document, lenient, true).newDocument;
    }
    return document as T;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ApiError(
      422,
      'Invalid',
      `the server rejected our request due to an error in our request: ${why}`,
    );
  }
}

/** The real server lets a field be replaced that is not there. */
function addsWhatIsMissing(document: Json, { op, path }: Operation): boolean {
  if (op !== 'replace' || typeof path !== 'string') return false;
  const at = path.lastIndexOf('/');
  if (at === -1) return false;
  const parent: unknown = jsonPatch.getValueByPointer(document, path.slice(0, at));
  const key = jsonPatch.unescapePathComponent(path.slice(at + 1));
  return isObject(parent) && parent[key] === undefined;
}
