import { readAsKind } from '../api/admit.js';
import { applyObject } from '../api/apply-object.js';
import { createObject } from '../api/create-object.js';
import { type DeleteOptions, type Deletion, deleteObject } from '../api/delete-object.js';
import { listObjects } from '../api/list-objects.js';
import { PATCH_TYPES, type PatchType, patchObject } from '../api/patch-object.js';
import { updateObject } from '../api/update-object.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import { contentType, readBody } from './read-body.js';
import { selectionOfQuery } from './read-handlers.js';
import { representList, representObject } from './represent.js';
import { flagParameter, numberParameter, type RequestContext, writeOptions } from './request-context.js';
import { sendJson } from './respond.js';

/** How the real server names the parameters of a patch when it refuses them. */
const PATCH_OPTIONS = { group: 'meta.k8s.io', plural: 'patchoptions', kind: 'PatchOptions' };
const APPLY_TYPES = ['application/apply-patch+yaml', 'application/apply-patch+json'];

/** @throws ApiError 400 when the request has no body */
export async function requiredBody({ request, presentation }: RequestContext): Promise<Json> {
  const body = await readBody(request);
  if (body === undefined) throw refuse.badRequest('the request needs a body');
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
  if (isApply && !query.get('fieldManager')) {
    const message = 'Required value: is required for apply patch';
    throw refuse.invalid(PATCH_OPTIONS, '', [
      { field: 'fieldManager', reason: 'FieldValueRequired', message },
    ]);
  }
  const { object, created } = isApply
    ? applyObject(state, target, name, body, { ...options, force: flagParameter(query, 'force') })
    : { object: patchObject(state, target, name, type as PatchType, body, options), created: false };
  sendJson(response, created ? 201 : 200, representObject(presentation, object));
}

export async function handleDelete(context: RequestContext, name: string): Promise<void> {
  const { state, target, response, presentation } = context;
  const options = await deleteOptions(context);
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
  const options = await deleteOptions(context);
  const list = listObjects(state, target, selectionOfQuery(context));
  for (const { metadata } of list.items) {
    deleteObject(state, { ...target, namespace: metadata.namespace }, metadata.name, options);
  }
  sendJson(response, 200, representList(presentation, list));
}

/** Options come in the query or, and then they win, in a DeleteOptions body. */
async function deleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const { query } = context;
  const sent = await readBody(context.request);
  const body: JsonObject = isObject(sent) ? sent : {};
  const grace = body['gracePeriodSeconds'];
  const policy = body['propagationPolicy'] ?? query.get('propagationPolicy');
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents');
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  const text = (value: Json | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined;
  return {
    gracePeriodSeconds: typeof grace === 'number' ? grace : numberParameter(query, 'gracePeriodSeconds'),
    propagationPolicy: text(policy) ?? (String(orphan) === 'true' ? 'Orphan' : undefined),
    preconditions: {
      uid: text(preconditions['uid']),
      resourceVersion: text(preconditions['resourceVersion']),
    },
    dryRun: writeOptions(context).dryRun || (Array.isArray(body['dryRun']) && body['dryRun'].includes('All')),
  };
}

function success({ target: { resource } }: RequestContext, { object }: Deletion): JsonObject {
  const { name, uid } = object.metadata;
  const details = { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
