import { JSONPath } from 'jsonpath-plus';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineResource } from './define-resource.js';
import { type ListShape, metadataShape } from './list-shape.js';
import type { PrinterColumn, Resource, ScalePaths } from './resource.js';
import { ResourceSchema } from './resource-schema.js';
import type { StructuralSchema } from './structural-schema.js';

const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);
const objects = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];
const child = (value: Json | undefined, key: string): JsonObject | undefined => {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
};

/** The resource that an accepted CustomResourceDefinition defines. */
export function customResource(definition: ApiObject): Resource {
  const spec = definition.spec ?? {};
  const names = child(spec, 'names') ?? {};
  const versions = objects(spec['versions']);
  const storage = versions.find((v) => v['storage'] === true) ?? {};
  const served = versions.filter((v) => v['served'] !== false).sort(byPriority);
  // Kubernetes allows subresources to differ between versions; here the storage version decides for all.
  const subresources = child(storage, 'subresources');
  const schema = child(child(storage, 'schema'), 'openAPIV3Schema') as StructuralSchema | undefined;
  return defineResource(
    {
      group: String(spec['group']),
      plural: String(names['plural']),
      kind: String(names['kind']),
      namespaced: spec['scope'] === 'Namespaced',
    },
    {
      singular: String(names['singular'] ?? String(names['kind']).toLowerCase()),
      listKind: String(names['listKind'] ?? `${String(names['kind'])}List`),
      shortNames: strings(names['shortNames']),
      categories: strings(names['categories']),
      versions: served.map((version) => ({
        name: String(version['name']),
        schema: new ResourceSchema(
          (child(child(version, 'schema'), 'openAPIV3Schema') ?? { type: 'object' }) as StructuralSchema,
        ),
        columns: columnsOf(version),
        ...(version['deprecated'] === true ? { deprecation: deprecationOf(version, spec, names) } : {}),
      })),
      storageVersion: String(storage['name']),
      hasStatus: isObject(subresources?.['status']),
      scale: scalePaths(child(subresources, 'scale')),
      selectableFields: objects(storage['selectableFields']).map((f) =>
        String(f['jsonPath']).replace(/^\./, ''),
      ),
      custom: true,
      hasGeneration: true,
      allowUnconditionalUpdate: false,
      listShapes: (path) => (path[0] === 'metadata' || !schema ? metadataShape(path) : shapeAt(schema, path)),
    },
  );
}

function deprecationOf(version: JsonObject, spec: JsonObject, names: JsonObject): string {
  const own = version['deprecationWarning'];
  return typeof own === 'string'
    ? own
    : `${String(spec['group'])}/${String(version['name'])} ${String(names['kind'])} is deprecated`;
}

function scalePaths(scale: JsonObject | undefined): ScalePaths | undefined {
  if (!scale) return undefined;
  const labelSelector = scale['labelSelectorPath'];
  return {
    specReplicas: String(scale['specReplicasPath']),
    statusReplicas: String(scale['statusReplicasPath']),
    labelSelector: typeof labelSelector === 'string' ? labelSelector : undefined,
  };
}

function columnsOf(version: JsonObject): PrinterColumn[] {
  return objects(version['additionalPrinterColumns']).map((column) => {
    const path = `$${String(column['jsonPath'])}`;
    return {
      name: String(column['name']),
      type: String(column['type'] ?? 'string'),
      isAge: column['type'] === 'date',
      description: String(column['description'] ?? ''),
      priority: Number(column['priority'] ?? 0),
      // 'safe' evaluates filters without the JavaScript interpreter.
      value: (object) => (JSONPath({ path, json: object, eval: 'safe', wrap: true }) as Json[])[0] ?? null,
    };
  });
}

function shapeAt(root: StructuralSchema, path: readonly string[]): ListShape | undefined {
  let schema: StructuralSchema | undefined = root;
  let isDeclared = true;
  for (const key of path) {
    while (schema?.items && !schema.properties) schema = schema.items;
    const rest: StructuralSchema['additionalProperties'] = schema?.additionalProperties;
    const property: StructuralSchema | undefined = schema?.properties?.[key];
    isDeclared = property !== undefined;
    schema = property ?? (typeof rest === 'object' ? rest : undefined);
  }
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (schema?.['x-kubernetes-map-type'] === 'atomic') return { type: 'atomic' };
  if (schema?.['x-kubernetes-list-type'] === 'map' && keys) {
    return { type: 'map', keys, keyDefaults: keyDefaults(schema, keys) };
  }
  if (schema?.['x-kubernetes-list-type'] === 'set') return { type: 'set' };
  return isDeclared ? undefined : { type: 'entry' };
}

function keyDefaults(list: StructuralSchema, keys: readonly string[]): Record<string, string> {
  const entries = keys.flatMap((key) => {
    const value = list.items?.properties?.[key]?.default;
    return typeof value === 'string' ? [[key, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Kubernetes version order: v2 before v1, stable before beta before alpha, anything else last by name. */
function byPriority(a: JsonObject, b: JsonObject): number {
  const rank = (name: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name);
    if (!match) return [-1, 0, 0];
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [ra, rb] = [rank(String(a['name'])), rank(String(b['name']))];
  for (let i = 0; i < 3; i++) if (ra[i] !== rb[i]) return (rb[i] ?? 0) - (ra[i] ?? 0);
  return String(a['name']) < String(b['name']) ? -1 : 1;
}
