import { readAsKind } from '../api/admit.js';
import { applyObject } from '../api/apply-object.js';
import { createObject } from '../api/create-object.js';
import { type Deletion, deleteObject } from '../api/delete-object.js';
import { listObjects } from '../api/list-objects.js';
import { PATCH_TYPES, type PatchType, patchObject } from '../api/patch-object.js';
import { updateObject } from '../api/update-object.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import { builtinType } from '../registry/types/type-library.js';
import { parseDeleteOptions } from './delete-options.js';
import { contentType, readBody } from './read-body.js';
import { selectionOfQuery } from './read-handlers.js';
import { representList, representObject } from './represent.js';
import { flagParameter, type RequestContext, writeOptions } from './request-context.js';
import { sendJson } from './respond.js';

const APPLY_TYPES = ['application/apply-patch+yaml', 'application/apply-patch+json'];

/** @throws ApiError 400 when the request has no body */
export async function requiredBody({ request, presentation, problems }: RequestContext): Promise<Json> {
  const body = await readBody(request, (path) => problems.push(`duplicate field "${path}"`));
  if (body === undefined) throw refuse.badRequest('the request needs a body');
  const { metadata } = isObject(body) ? body : {};
  const known = builtinType('meta.ObjectMeta').fields;
  for (const name of isObject(metadata) ? Object.keys(metadata) : [])
    if (!known.has(name)) problems.push(`unknown field "metadata.${name}"`);
  return presentation.view?.read(body) ?? body;
}

export async function handleCreate(context: RequestContext): Promise<void> {
  const { state, target, response, presentation } = context;
  const body = await requiredBody(context);
  if (target.resource.answer) {
    const asked = parseObject(body, { apiVersion: target.apiVersion, kind: target.resource.kind });
    readAsKind(target, asked, writeOptions(context));
    return sendJson(response, 201, target.resource.answer(asked));
  }
  const object = createObject(state, target, body, writeOptions(context));
  sendJson(response, 201, representObject(presentation, object));
}

export async function handleUpdate(context: RequestContext, name: string): Promise<void> {
  const { state, target, response, presentation } = context;
  const body = await requiredBody(context);
  const object = updateObject(state, target, name, body, writeOptions(context));
  sendJson(response, 200, representObject(presentation, object));
}

export async function handlePatch(context: RequestContext, name: string): Promise<void> {
  const { state, target, query, request, response, presentation } = context;
  const type = contentType(request);
  const isApply = APPLY_TYPES.includes(type);
  if (!isApply && !PATCH_TYPES.includes(type as PatchType)) {
    throw refuse.unsupportedMediaType([...PATCH_TYPES, ...APPLY_TYPES].join(', '));
  }
  const body = await requiredBody(context);
  const options = writeOptions(context);
  if (isApply) requireApplicable(query, body);
  else if (query.has('force')) {
    const message = 'Forbidden: may not be specified for non-apply patch';
    throw refuse.invalidOptions('PatchOptions', { field: 'force', reason: 'FieldValueForbidden', message });
  }
  const { object, created } = isApply
    ? applyObject(state, target, name, body, { ...options, force: flagParameter(query, 'force') })
    : { object: patchObject(state, target, name, type as PatchType, body, options), created: false };
  sendJson(response, created ? 201 : 200, representObject(presentation, object));
}

/** What is applied must say who applies it and of which kind it is. @throws ApiError 400, 422 */
function requireApplicable(query: URLSearchParams, body: Json): void {
  if (!query.get('fieldManager')) {
    const message = 'Required value: is required for apply patch';
    throw refuse.invalidOptions('PatchOptions', {
      field: 'fieldManager',
      reason: 'FieldValueRequired',
      message,
    });
  }
  const { apiVersion, kind } = isObject(body) ? body : {};
  if (apiVersion && kind) return;
  throw refuse.badRequest(`invalid object type: ${String(apiVersion ?? '/')}, Kind=${String(kind ?? '')}`);
}

export async function handleDelete(context: RequestContext, name: string): Promise<void> {
  const { state, target, response, presentation } = context;
  const options = parseDeleteOptions(context, await readBody(context.request));
  const deletion = deleteObject(state, target, name, options);
  const asObject = target.resource.returnsDeletedObject || !deletion.isGone;
  sendJson(
    response,
    200,
    asObject ? representObject(presentation, deletion.object) : success(context, deletion),
  );
}

export async function handleDeleteCollection(context: RequestContext): Promise<void> {
  const { state, target, response, presentation } = context;
  const options = parseDeleteOptions(context, await readBody(context.request));
  const list = listObjects(state, target, selectionOfQuery(context));
  for (const { metadata } of list.items) {
    deleteObject(state, { ...target, namespace: metadata.namespace }, metadata.name, options);
  }
  sendJson(response, 200, representList(presentation, list));
}

function success({ target: { resource } }: RequestContext, { object }: Deletion): JsonObject {
  const { name, uid } = object.metadata;
  const details = { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
