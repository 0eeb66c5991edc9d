import type { Cause } from '../object/api-error.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { resourceCauses } from './pod-resources.js';

/** What is wrong with a pod's spec beyond its types, in a pod or a template. `path` leads to it. */
export function podSpecCauses(spec: JsonObject, path: string): Cause[] {
  return [...volumeCauses(spec, path), ...duplicateNames(spec, path), ...containerCauses(spec, path)];
}

/** Where a volume comes from, in the order in which more than one is refused. */
const FIRST_SOURCES = ['emptyDir', 'hostPath'];
function sourcesOf({ name: _name, ...sources }: JsonObject): string[] {
  const given = Object.keys(sources);
  const first = FIRST_SOURCES.filter((source) => given.includes(source));
  return [...first, ...given.filter((source) => !first.includes(source))];
}

/** A volume comes from one place. */
function volumeCauses(spec: JsonObject, path: string): Cause[] {
  return objects(spec['volumes']).flatMap((volume, i) =>
    sourcesOf(volume)
      .slice(1)
      .map((source): Cause => {
        const message = 'Forbidden: may not specify more than 1 volume type';
        return { field: `${path}.volumes[${i}].${source}`, reason: 'FieldValueForbidden', message };
      }),
  );
}

/** Containers and init containers share one set of names. */
function duplicateNames(spec: JsonObject, path: string): Cause[] {
  const seen = new Set<string>();
  return ['initContainers', 'containers'].flatMap((list) =>
    objects(spec[list]).flatMap((container, i): Cause[] => {
      const name = String(container['name']);
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const message = `Duplicate value: ${JSON.stringify(name)}`;
      return [{ field: `${path}.${list}[${i}].name`, reason: 'FieldValueDuplicate', message }];
    }),
  );
}

function containerCauses(spec: JsonObject, specPath: string): Cause[] {
  const usable = objects(spec['volumes']).filter((volume) => sourcesOf(volume).length === 1);
  const volumes = new Set(usable.map((volume) => volume['name']));
  return ['initContainers', 'containers'].flatMap((list) =>
    objects(spec[list]).flatMap((container, i) => {
      const path = `${specPath}.${list}[${i}]`;
      const lost = objects(container['volumeMounts']).flatMap(({ name }, at): Cause[] => {
        if (volumes.has(name)) return [];
        const message = `Not found: ${JSON.stringify(name)}`;
        return [{ field: `${path}.volumeMounts[${at}].name`, reason: 'FieldValueNotFound', message }];
      });
      return [...resourceCauses(container, path), ...lost, ...portCauses(container, path)];
    }),
  );
}

/** Ports that have names have each its own. */
function portCauses(container: JsonObject, path: string): Cause[] {
  const seen = new Set<unknown>();
  return objects(container['ports']).flatMap(({ name }, i): Cause[] => {
    if (!name) return [];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const message = `Duplicate value: ${JSON.stringify(name)}`;
    return [{ field: `${path}.ports[${i}].name`, reason: 'FieldValueDuplicate', message }];
  });
}

const objects = (list: Json | undefined): JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);
