import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { formatAge } from '../object/format-age.js';
import type { ServedResource } from '../registry/registry.js';
import type { PrinterColumn } from '../registry/resource.js';
import { metadataOnly } from './metadata-only.js';

/** What a row brings of its object: nothing, its metadata, or all of it. */
export type RowObject = 'None' | 'Metadata' | 'Object';

const NAME: PrinterColumn = {
  name: 'Name',
  type: 'string',
  description: 'Name must be unique within a namespace.',
  value: (object) => object.metadata.name,
};
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'string',
  isAge: true,
  description: 'Time since creation.',
  value: (object) => object.metadata.creationTimestamp,
};

/** Rows for people (`meta.k8s.io/v1` Table), as `kubectl get` asks for them. */
export function tableOf(
  served: ServedResource,
  objects: readonly ApiObject[],
  metadata: JsonObject,
  rowObject: RowObject,
): JsonObject {
  const columns = columnsOf(served);
  const nowMs = Date.now();
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type,
      format: column.name === 'Name' && column.priority === undefined ? 'name' : '',
      description: column.description ?? '',
      priority: column.priority ?? 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cell(column, object, nowMs)),
      object: rowObject === 'None' ? null : rowObject === 'Object' ? object : metadataOnly(object),
    })),
  };
}

/** Name comes first, unless a kind has a better place for it. */
function columnsOf({ version }: ServedResource): readonly PrinterColumn[] {
  const own = version.columns ?? [];
  if (own.length === 0) return [NAME, AGE];
  return own.some((column) => column.name === 'Name') ? own : [NAME, ...own];
}

function cell(column: PrinterColumn, object: ApiObject, nowMs: number): Json {
  const value = column.value(object);
  if (!column.isAge) return value;
  const atMs = Date.parse(String(value));
  return Number.isNaN(atMs) ? '<unknown>' : formatAge(nowMs - atMs);
}
