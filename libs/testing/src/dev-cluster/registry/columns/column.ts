import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject, splitPath, valueAt } from '../../object/json.js';
import type { PrinterColumn } from '../resource.js';

type Value = PrinterColumn['value'];

/** Ways to make the columns of a table. `priority` 1 is shown with `-o wide` only. */
export const column = {
  text: (name: string, value: Value, priority = 0): PrinterColumn => ({
    name,
    type: 'string',
    priority,
    value,
  }),
  /** The text at a path, or what to show when there is none. */
  field: (name: string, path: string, missing = '<none>', priority = 0): PrinterColumn =>
    column.text(name, (object) => String(valueAt(object, splitPath(path)) ?? missing), priority),
  /** The number at a path, 0 when there is none. Some of the real server's numbers are columns of type string. */
  count: (name: string, path: string, type = 'integer'): PrinterColumn => ({
    name,
    type,
    value: (object) => valueAt(object, splitPath(path)) ?? 0,
  }),
  /** Time since the moment at a path. */
  since: (name: string, value: Value, priority = 0): PrinterColumn => ({
    name,
    type: 'string',
    isAge: true,
    priority,
    value,
  }),
  age: {
    name: 'Age',
    type: 'string',
    isAge: true,
    value: (object: ApiObject): Json => object.metadata.creationTimestamp,
  } satisfies PrinterColumn,
  createdAt: {
    name: 'Created At',
    type: 'date',
    value: (object: ApiObject): Json => object.metadata.creationTimestamp,
  } satisfies PrinterColumn,
};

/** The objects in a list; none when it is no list. */
export const items = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];
