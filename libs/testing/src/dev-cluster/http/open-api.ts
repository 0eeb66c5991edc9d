import type { Json, JsonObject } from '../object/api-object.js';
import type { Registry } from '../registry/registry.js';
import { apiVersionOf } from '../registry/resource.js';

const PREFIX = '/openapi/v3';

/**
 * OpenAPI v3 with paths but no schemas: enough for kubectl to learn that the server checks fields itself
 * (the `fieldValidation` parameter), so that it does not need schemas of its own.
 */
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

const pathOf = (group: string, version: string): string =>
  group ? `apis/${group}/${version}` : `api/${version}`;

function document(registry: Registry, group: string, version: string): JsonObject {
  const paths: JsonObject = {};
  for (const resource of registry.all()) {
    if (resource.group !== group || !resource.versions.some((v) => v.name === version)) continue;
    const scope = resource.namespaced ? '/namespaces/{namespace}' : '';
    const kind: Json = { group, version, kind: resource.kind };
    const operation = (action: string): JsonObject => ({
      operationId: `${action}${resource.kind}`,
      parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
        name,
        in: 'query',
        schema: { type: name === 'force' ? 'boolean' : 'string' },
      })),
      responses: { '200': { description: 'OK' } },
      'x-kubernetes-group-version-kind': kind,
      'x-kubernetes-action': action,
    });
    paths[`/${pathOf(group, version)}${scope}/${resource.plural}`] = { post: operation('post') };
    paths[`/${pathOf(group, version)}${scope}/${resource.plural}/{name}`] = {
      put: operation('put'),
      patch: operation('patch'),
    };
  }
  return {
    openapi: '3.0.0',
    info: { title: apiVersionOf(group, version), version },
    paths,
    components: { schemas: {} },
  };
}
