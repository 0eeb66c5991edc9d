import { bindPod, parseBinding } from '../api/bind-pod.js';
import type { Target } from '../api/cluster-state.js';
import { evictPod } from '../api/evict-pod.js';
import { finalizeNamespace } from '../api/finalize-namespace.js';
import { PATCH_TYPES, type PatchType } from '../api/patch-object.js';
import { readObject } from '../api/read-object.js';
import { readScale, writeScale } from '../api/scale-object.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { refuse } from '../object/refusals.js';
import { applyJsonPatch } from '../patch/json-patch.js';
import { applyMergePatch } from '../patch/merge-patch.js';
import { parseDeleteOptions } from './delete-options.js';
import { type PodLogs, streamLog } from './pod-logs.js';
import { contentType } from './read-body.js';
import { handleGet } from './read-handlers.js';
import { flagParameter, numberParameter, type RequestContext, writeOptions } from './request-context.js';
import { sendJson } from './respond.js';
import { handlePatch, handleUpdate, requiredBody } from './write-handlers.js';

/** Requests for a part of an object. @throws ApiError 404 for a part this kind does not have, 405 */
export async function handleSubresource(
  context: RequestContext,
  name: string,
  podLogs: PodLogs,
): Promise<void> {
  const { target, subresource, request } = context;
  const { resource } = target;
  const method = request.method ?? '';
  if (subresource === 'status' && resource.hasStatus) return handleStatus(context, name, method);
  if (subresource === 'scale' && resource.scale) return handleScale(context, name, method);
  if (!resource.subresources.some((s) => s.name === subresource)) throw refuse.noSuchPath();
  const handler = HANDLERS[`${method} ${resource.plural}/${subresource}`];
  if (!handler) throw refuse.methodNotAllowed();
  return handler(context, name, podLogs);
}

async function handleStatus(context: RequestContext, name: string, method: string): Promise<void> {
  if (method === 'GET') return handleGet(context, name);
  if (method === 'PUT') return handleUpdate(context, name);
  if (method === 'PATCH') return handlePatch(context, name);
  throw refuse.methodNotAllowed();
}

async function handleScale(context: RequestContext, name: string, method: string): Promise<void> {
  const { state, target, request, response } = context;
  if (method === 'GET') return sendJson(response, 200, readScale(state, target, name));
  if (method !== 'PUT' && method !== 'PATCH') throw refuse.methodNotAllowed();
  const body = await requiredBody(context);
  const scale =
    method === 'PUT' ? body : patchScale(target, readScale(state, target, name), contentType(request), body);
  sendJson(response, 200, writeScale(state, target, name, scale, writeOptions(context)));
}

function patchScale({ resource }: Target, scale: JsonObject, type: string, patch: Json): Json {
  const [jsonPatch, mergePatch, strategicPatch] = PATCH_TYPES;
  const accepted = resource.custom ? [jsonPatch, mergePatch] : [jsonPatch, mergePatch, strategicPatch];
  if (!accepted.includes(type as PatchType)) throw refuse.unsupportedMediaType(accepted.join(', '));
  // A Scale has no lists, so a strategic merge is a plain one.
  const patched: JsonObject =
    type === jsonPatch ? applyJsonPatch(scale, patch) : applyMergePatch(scale, patch);
  return patched;
}

/** What a container printed is kept as it was printed, without a time for each line. */
const UNKNOWN_LOG_OPTIONS = ['sinceSeconds', 'sinceTime', 'timestamps', 'limitBytes'];

type Handler = (context: RequestContext, name: string, podLogs: PodLogs) => Promise<void>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'POST pods/binding': async (context, name) => {
    const binding = parseBinding(await requiredBody(context));
    bindPod(context.state, context.target.namespace ?? '', name, binding, writeOptions(context).dryRun);
    sendJson(context.response, 201, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      code: 201,
    });
  },
  'POST pods/eviction': async (context, name) => {
    const eviction = await requiredBody(context);
    const options = isObject(eviction) ? eviction['deleteOptions'] : undefined;
    evictPod(context.state, context.target, name, parseDeleteOptions(context, options));
    sendJson(context.response, 201, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      code: 201,
    });
  },
  'PUT namespaces/finalize': async (context, name) => {
    const body = await requiredBody(context);
    const namespace = finalizeNamespace(context.state, name, body, writeOptions(context).dryRun);
    sendJson(context.response, 200, namespace);
  },
  'GET pods/log': async ({ state, target, query, response }, name, podLogs) => {
    const unknown = UNKNOWN_LOG_OPTIONS.filter(
      (option) => query.get(option) && query.get(option) !== 'false',
    );
    if (unknown.length > 0)
      throw refuse.badRequest(
        `logs of the dev cluster have no times and no parts: leave out ${unknown.join(', ')}`,
      );
    if (!readObject(state, target, name).spec?.['nodeName']) {
      // Nobody can have printed anything yet.
      response.writeHead(200, { 'content-type': 'text/plain' }).end();
      return;
    }
    const container = query.get('container') ?? undefined;
    const path = podLogs.logFile(target.namespace ?? '', name, container, flagParameter(query, 'previous'));
    const options = {
      follow: flagParameter(query, 'follow'),
      tailLines: numberParameter(query, 'tailLines'),
    };
    await streamLog(path, options, response);
  },
};
