import mergePatch from 'json-merge-patch';
import type { Json } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { refuse } from '../object/refusals.js';

/** Applies an RFC 7396 patch to a copy. @throws ApiError 400 when the patch is not an object */
export function applyMergePatch<T extends Json>(target: T, patch: Json): T {
  if (!isObject(patch)) throw refuse.badRequest('a merge patch is a JSON object');
  return mergePatch.apply(structuredClone(target), patch) as unknown as T;
}
