import type { Environment } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import type { StructuralSchema } from '../structural-schema.js';
import { celEquals } from './cel-equals.js';
import { escapeName } from './escape-name.js';

/** How the values of one schema appear in rules. */
export interface CelType {
  /** As the CEL library writes types, e.g. `list<int>`. */
  readonly name: string;
  /** The value of a JSON value that is valid by the schema. */
  readonly convert: (value: Json) => unknown;
}

const METADATA: StructuralSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};
const TYPE_META: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: METADATA,
};
const SCALARS: Readonly<Record<string, CelType>> = {
  integer: { name: 'int', convert: (value) => BigInt(value as number) },
  number: { name: 'double', convert: (value) => value },
  boolean: { name: 'bool', convert: (value) => value },
};

/**
 * The CEL types of a schema and all it contains, registered with an environment. Of an object, rules see the fields
 * that its schema declares; of the metadata of a resource, the name only.
 */
export class CelTypes {
  private readonly known = new Map<StructuralSchema, CelType | undefined>();
  private readonly durationOf: (text: string) => unknown;
  private count = 0;

  constructor(private readonly environment: Environment) {
    this.durationOf = (text) => environment.evaluate(`duration(${JSON.stringify(text)})`);
  }

  /** Undefined for what rules cannot see, such as a field whose type is not known. */
  of(schema: StructuralSchema, isResource = false): CelType | undefined {
    if (!this.known.has(schema)) this.known.set(schema, this.make(schema, isResource));
    return this.known.get(schema);
  }

  private make(schema: StructuralSchema, isResource: boolean): CelType | undefined {
    const type = this.notNull(schema, isResource || schema['x-kubernetes-embedded-resource'] === true);
    if (!type || !schema.nullable) return type;
    return { name: 'dyn', convert: (value) => (value === null ? null : type.convert(value)) };
  }

  private notNull(schema: StructuralSchema, isResource: boolean): CelType | undefined {
    if (schema['x-kubernetes-int-or-string']) {
      return { name: 'dyn', convert: (value) => (typeof value === 'number' ? BigInt(value) : value) };
    }
    switch (schema.type) {
      case 'array':
        return this.list(schema);
      case 'object':
        return typeof schema.additionalProperties === 'object'
          ? this.map(schema.additionalProperties)
          : this.object({ ...schema.properties, ...(isResource ? TYPE_META : {}) });
      case 'string':
        return this.string(schema['format']);
      default:
        return SCALARS[schema.type ?? ''];
    }
  }

  private string(format: unknown): CelType {
    if (format === 'byte') return { name: 'bytes', convert: (value) => Buffer.from(String(value), 'base64') };
    if (format === 'duration') {
      return { name: 'google.protobuf.Duration', convert: (value) => this.durationOf(String(value)) };
    }
    if (format === 'date' || format === 'date-time') {
      return { name: 'google.protobuf.Timestamp', convert: (value) => new Date(String(value)) };
    }
    return { name: 'string', convert: (value) => value };
  }

  private list({ items }: StructuralSchema): CelType | undefined {
    const item = items && this.of(items);
    if (!item) return undefined;
    // An array of our own: the library tells lists by their constructor, which differs in jest's contexts.
    return { name: `list<${item.name}>`, convert: (value) => Array.from(value as Json[], item.convert) };
  }

  private map(values: StructuralSchema): CelType | undefined {
    const value = this.of(values);
    if (!value) return undefined;
    return {
      name: `map<string, ${value.name}>`,
      convert: (object) => {
        const entries = Object.entries(object as JsonObject).filter(([, v]) => v !== undefined);
        return new Map(entries.map(([key, v]) => [key, value.convert(v as Json)]));
      },
    };
  }

  /** Objects are instances of a class of their own, by which the CEL library tells their type. */
  private object(properties: Readonly<Record<string, StructuralSchema>>): CelType {
    const fields = Object.entries(properties).flatMap(([field, schema]) => {
      const name = escapeName(field);
      const type = this.of(schema);
      return name && type ? [{ field, name, type, isNullable: schema.nullable === true }] : [];
    });
    const CelObject = class {
      [field: string]: unknown;
    };
    const name = `Object${++this.count}`;
    this.environment.registerType(name, {
      ctor: CelObject,
      fields: Object.fromEntries(fields.map((f) => [f.name, f.type.name])),
    });
    this.environment.registerOperator(`${name} == ${name}`, celEquals);
    return {
      name,
      convert: (object) => {
        const result = new CelObject();
        for (const { field, name: escaped, type, isNullable } of fields) {
          const value = isObject(object) ? object[field] : undefined;
          if (value === undefined || (value === null && !isNullable)) continue;
          result[escaped] = type.convert(value);
        }
        return result;
      },
    };
  }
}
