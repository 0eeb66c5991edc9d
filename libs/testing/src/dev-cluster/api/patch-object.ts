import type { ApiObject, Json } from '../object/api-object.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import { applyJsonPatch } from '../patch/json-patch.js';
import { applyMergePatch } from '../patch/merge-patch.js';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { commitUpdate } from './commit-update.js';
import { readObject } from './read-object.js';

/** Media types of the patches that change an object in place; apply is `applyObject`. */
export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;
export type PatchType = (typeof PATCH_TYPES)[number];

/** @throws ApiError 400, 404, 409 when the patch names another resourceVersion, 415, 422 */
export function patchObject(
  state: ClusterState,
  target: Target,
  name: string,
  type: PatchType,
  patch: Json,
  options: WriteOptions,
): ApiObject {
  const old = readObject(state, target, name);
  const patched = patchJson(target, old, type, patch);
  const { kind, custom } = target.resource;
  const next = parseObject(patched, { apiVersion: target.apiVersion, kind, custom });
  return commitUpdate(state, target, old, next, { ...options, isPatch: true });
}

function patchJson(target: Target, old: ApiObject, type: PatchType, patch: Json): Json {
  if (type === 'application/json-patch+json') return applyJsonPatch<Json>(old, patch);
  if (type === 'application/merge-patch+json') return applyMergePatch<Json>(old, patch);
  if (target.resource.custom) {
    throw refuse.unsupportedMediaType(
      [...PATCH_TYPES.filter((t) => !t.includes('strategic')), 'application/apply-patch+yaml'].join(', '),
    );
  }
  return applyStrategicMergePatch(old, patch, target.resource.mergeKeys);
}
