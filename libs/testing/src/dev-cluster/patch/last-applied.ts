import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import type { ListShapes } from '../registry/list-shape.js';
import { type FieldPath, leafFields } from './field-set.js';

/** Where `kubectl apply` without `--server-side` keeps what it applied. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The fields that a client-side apply set and that are as it set them. One who goes over to server-side apply takes
 * them along without a conflict.
 */
export function lastAppliedFields(live: ApiObject, shapes: ListShapes): Set<FieldPath> {
  const applied = parse(live.metadata.annotations?.[LAST_APPLIED]);
  if (!applied) return new Set();
  const current = leafFields(live, shapes);
  const fields = [...leafFields(applied, shapes)].filter(([path, value]) =>
    sameJson(current.get(path), value),
  );
  return new Set(fields.map(([path]) => path));
}

/** The annotation after a server-side apply of the same configuration by kubectl, so that going back works too. */
export function lastAppliedText(config: ApiObject): string {
  const { managedFields: _managed, annotations, ...metadata } = config.metadata;
  const { [LAST_APPLIED]: _last, ...others } = annotations ?? {};
  const kept = Object.fromEntries(
    Object.entries({
      ...metadata,
      ...(Object.keys(others).length > 0 ? { annotations: others } : {}),
    }).filter(([, value]) => value !== '' && value !== undefined),
  );
  return `${JSON.stringify(sorted({ ...config, metadata: kept } as JsonObject))}\n`;
}

function parse(text: string | undefined): ApiObject | undefined {
  try {
    const value = JSON.parse(text ?? '') as Json;
    return isObject(value) && isObject(value['metadata']) ? (value as unknown as ApiObject) : undefined;
  } catch {
    // Anyone can write the annotation; what is no configuration says nothing.
    return undefined;
  }
}

function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
