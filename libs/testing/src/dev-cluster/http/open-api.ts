import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json, JsonObject } from '../object/api-object.js';
import type { Registry } from '../registry/registry.js';
import { apiVersionOf, type Resource } from '../registry/resource.js';
import { KUBERNETES_VERSION } from './discovery.js';
import { sendJson } from './respond.js';

const PREFIX = '/openapi/v3';

/** OpenAPI v3: what kubectl explains kinds with, and by which it learns that the server checks fields itself. */
export function openApi(registry: Registry, path: string): JsonObject | undefined {
  if (path === PREFIX) {
    const paths: JsonObject = {};
    for (const { group, versions } of registry.groups()) {
      for (const version of versions) {
        const root = pathOf(group, version);
        paths[root] = { serverRelativeURL: `${PREFIX}/${root}` };
      }
    }
    return { paths };
  }
  if (!path.startsWith(`${PREFIX}/`)) return undefined;
  const found = registry
    .groups()
    .flatMap(({ group, versions }) => versions.map((version) => ({ group, version })))
    .find(({ group, version }) => `${PREFIX}/${pathOf(group, version)}` === path);
  return found && document(registry, found.group, found.version);
}

/** What kubectl asks for in the older form, of which it needs only that there is one. */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** OpenAPI v2 without kinds: clients look there for what version 3 does not have, such as the kind `List`. */
export function sendOpenApiV2(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.accept?.includes(V2_PROTOBUF)) {
    // An empty document is an empty message.
    response.writeHead(200, { 'content-type': V2_PROTOBUF.replace('@', '.'), 'content-length': 0 }).end();
    return;
  }
  const info = { title: 'Kubernetes', version: KUBERNETES_VERSION.gitVersion };
  sendJson(response, 200, { swagger: '2.0', info, paths: {} });
}

const pathOf = (group: string, version: string): string =>
  group ? `apis/${group}/${version}` : `api/${version}`;

function document(registry: Registry, group: string, version: string): JsonObject {
  const paths: JsonObject = {};
  const schemas: JsonObject = {};
  for (const resource of registry.all()) {
    const served = resource.versions.find((v) => v.name === version);
    if (resource.group !== group || !served) continue;
    Object.assign(paths, pathsOf(resource, version));
    const kind = { group, version, kind: resource.kind };
    Object.assign(schemas, served.schema?.describe(`${resource.kind}.${apiVersionOf(group, version)}`, kind));
  }
  return {
    openapi: '3.0.0',
    info: { title: apiVersionOf(group, version), version },
    paths,
    components: { schemas },
  };
}

function pathsOf(resource: Resource, version: string): JsonObject {
  const { group, kind, plural, namespaced } = resource;
  const identity: Json = { group, version, kind };
  const operation = (action: string): JsonObject => ({
    operationId: `${action}${kind}`,
    parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
      name,
      in: 'query',
      schema: { type: name === 'force' ? 'boolean' : 'string' },
    })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-group-version-kind': identity,
    'x-kubernetes-action': action,
  });
  const root = `/${pathOf(group, version)}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  return {
    [root]: { get: operation('list'), post: operation('post') },
    [`${root}/{name}`]: { get: operation('get'), put: operation('put'), patch: operation('patch') },
  };
}
