import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterState } from '../api/cluster-state.js';
import { refuse } from '../object/refusals.js';
import {
  AGGREGATED_DISCOVERY,
  aggregatedDiscovery,
  wantsAggregatedDiscovery,
} from './aggregated-discovery.js';
import { discover } from './discovery.js';
import { openApi, sendOpenApiV2 } from './open-api.js';
import type { PodLogs } from './pod-logs.js';
import { handleGet, handleList } from './read-handlers.js';
import { addWarning, type RequestContext, requestContext } from './request-context.js';
import { parseRequestPath } from './request-path.js';
import { sendError, sendJson } from './respond.js';
import { handleSubresource } from './subresource-handlers.js';
import {
  handleCreate,
  handleDelete,
  handleDeleteCollection,
  handlePatch,
  handleUpdate,
} from './write-handlers.js';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers every request of the Kubernetes API; refusals become `Status` bodies. */
export function requestHandler(state: ClusterState, podLogs: PodLogs): RequestHandler {
  return (request, response) => {
    handle(state, podLogs, request, response).catch((error: unknown) => sendError(response, error));
  };
}

async function handle(
  state: ClusterState,
  podLogs: PodLogs,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // There is no login: only programs may speak to the API, not web pages the user happens to visit.
  if (request.headers.origin) throw refuse.badRequest('requests from web pages are not served');
  const url = new URL(request.url ?? '/', 'http://cluster');
  const path = parseRequestPath(url.pathname);
  if (path.type === 'other') return handleOther(state, path.path, request, response);
  const served = state.registry.find(path.group, path.version, path.plural);
  if (!served) throw refuse.noSuchPath();
  if (path.namespace !== undefined && !served.resource.namespaced) throw refuse.noSuchPath();
  const { name, subresource, namespace } = path;
  const target = { ...served, ...(namespace === undefined ? {} : { namespace }) };
  const context = requestContext({
    state,
    target,
    name,
    subresource,
    query: url.searchParams,
    request,
    response,
  });
  if (served.version.deprecation) addWarning(response, served.version.deprecation);
  if (name === undefined) return handleCollection(context);
  // An object of a namespaced kind is addressed with its namespace.
  if (served.resource.namespaced && namespace === undefined) throw refuse.noSuchPath();
  return subresource === undefined ? handleObject(context, name) : handleSubresource(context, name, podLogs);
}

function handleOther(
  state: ClusterState,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw refuse.methodNotAllowed();
  if (path === '/healthz' || path === '/livez' || path === '/readyz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  if (wantsAggregatedDiscovery(request.headers.accept)) {
    const all = aggregatedDiscovery(state.registry, trimmed);
    if (all) {
      sendJson(response, 200, all, AGGREGATED_DISCOVERY);
      return;
    }
  }
  if (trimmed === '/openapi/v2') {
    sendOpenApiV2(request, response);
    return;
  }
  const body =
    discover(state.registry, trimmed, request.headers.host ?? '') ?? openApi(state.registry, trimmed);
  if (!body) throw refuse.noSuchPath();
  sendJson(response, 200, body);
}

const COLLECTION_VERBS: Readonly<Record<string, string>> = {
  GET: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};

async function handleCollection(context: RequestContext): Promise<void> {
  const { method } = context.request;
  const { verbs } = context.target.resource;
  if (verbs && !verbs.includes(COLLECTION_VERBS[method ?? ''] ?? '')) throw refuse.methodNotAllowed();
  if (method === 'GET') return handleList(context);
  if (method === 'DELETE') return handleDeleteCollection(context);
  if (method !== 'POST') throw refuse.methodNotAllowed();
  if (context.target.resource.namespaced && context.target.namespace === undefined)
    throw refuse.methodNotAllowed();
  return handleCreate(context);
}

async function handleObject(context: RequestContext, name: string): Promise<void> {
  if (context.target.resource.answer) throw refuse.methodNotAllowed();
  switch (context.request.method) {
    case 'GET':
      return handleGet(context, name);
    case 'PUT':
      return handleUpdate(context, name);
    case 'PATCH':
      return handlePatch(context, name);
    case 'DELETE':
      return handleDelete(context, name);
    default:
      throw refuse.methodNotAllowed();
  }
}
