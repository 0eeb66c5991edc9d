import { describe, expect, it } from '@jest/globals';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { ResourceSchema } from './resource-schema.js';
import type { StructuralSchema } from './structural-schema.js';

const schemaOf = (spec: StructuralSchema): ResourceSchema =>
  new ResourceSchema({ type: 'object', properties: { spec } });
const object = (spec: unknown): ApiObject =>
  ({ apiVersion: 'g/v1', kind: 'K', metadata: { name: 'n' }, spec }) as unknown as ApiObject;
const field = (schema: StructuralSchema): StructuralSchema => ({ type: 'object', properties: { f: schema } });
const causes = (schema: StructuralSchema, spec: unknown): string[] =>
  schemaOf(schema)
    .validate(object(spec))
    .map((c) => `${c.field}: ${c.message}`);

describe('ResourceSchema', () => {
  it.each([
    ['null where it may be', { type: 'string', nullable: true }, null, []],
    ['null in an enumeration', { type: 'string', enum: ['a'], nullable: true }, null, []],
    [
      'null where it may not be',
      { type: 'string' },
      null,
      ['spec.f: Invalid value: "null": spec.f in body must be of type string: "null"'],
    ],
    [
      'a wrong type where null may be',
      { type: 'string', nullable: true },
      1,
      ['spec.f: Invalid value: "number": spec.f in body must be of type string: "number"'],
    ],
    [
      'an exclusive bound',
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      ['spec.f: Invalid value: 1: spec.f in body should be greater than 1'],
    ],
    ['a bound that is not exclusive', { type: 'integer', minimum: 1, exclusiveMinimum: false }, 1, []],
    [
      'a date',
      { type: 'string', format: 'date-time' },
      'x',
      ['spec.f: Invalid value: "x": spec.f in body must be of type date-time'],
    ],
    ['an unknown format', { type: 'string', format: 'ours' }, 'x', []],
    [
      'int or string',
      { 'x-kubernetes-int-or-string': true },
      1.5,
      ['spec.f: Invalid value: "number": spec.f in body must be of type integer or string: "number"'],
    ],
    [
      'a map',
      { type: 'object', additionalProperties: { type: 'integer' } },
      { a: 'b' },
      ['spec.f.a: Invalid value: "string": spec.f.a in body must be of type integer: "string"'],
    ],
  ] as [string, StructuralSchema, unknown, string[]][])('judges %s', (_what, schema, value, expected) => {
    expect(causes(field(schema), { f: value })).toEqual(expected);
  });

  it('judges one of several alternatives by the alternative', () => {
    const schema = field({
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
      type: 'object',
      properties: { a: {}, b: {} },
    });
    expect(causes(schema, { f: { b: 1 } })).toEqual([]);
    expect(causes(schema, { f: {} })).toEqual(['spec.f.a: Required value', 'spec.f.b: Required value']);
  });

  const normalized = (schema: StructuralSchema, spec: JsonObject): [JsonObject | undefined, string[]] => {
    const value = object(spec);
    const dropped = schemaOf(schema).normalize(value);
    return [value.spec, dropped];
  };

  it('drops what the schema does not name, and says where', () => {
    const schema = field({ type: 'array', items: { type: 'object', properties: { k: {} } } });
    expect(normalized(schema, { f: [{ k: 1, x: 2 }], y: 3 })).toEqual([
      { f: [{ k: 1 }] },
      ['spec.f[0].x', 'spec.y'],
    ]);
  });

  it('keeps what it is told to keep, and drops again below a named field', () => {
    const schema = field({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { named: { type: 'object' } },
    });
    expect(normalized(schema, { f: { any: { thing: 1 }, named: { x: 1 } } })).toEqual([
      { f: { any: { thing: 1 }, named: {} } },
      ['spec.f.named.x'],
    ]);
    const embedded = field({ type: 'object', 'x-kubernetes-embedded-resource': true, properties: {} });
    expect(
      normalized(embedded, { f: { apiVersion: 'v1', kind: 'P', metadata: { name: 'x' }, spec: {} } })[0],
    ).toEqual({
      f: { apiVersion: 'v1', kind: 'P', metadata: { name: 'x' } },
    });
  });

  it('fills in defaults at every depth, but makes no objects up', () => {
    const inner: StructuralSchema = { type: 'object', properties: { d: { type: 'integer', default: 5 } } };
    const schema: StructuralSchema = {
      type: 'object',
      properties: {
        made: { ...inner, default: {} },
        given: inner,
        absent: inner,
        map: { type: 'object', additionalProperties: inner },
      },
    };
    expect(normalized(schema, { given: {}, map: { a: {} } })[0]).toEqual({
      made: { d: 5 },
      given: { d: 5 },
      map: { a: { d: 5 } },
    });
    expect(normalized(field({ type: 'integer', default: 1 }), { f: null })[0]).toEqual({ f: 1 });
    expect(normalized(field({ type: 'integer', default: 1, nullable: true }), { f: null })[0]).toEqual({
      f: null,
    });
  });
});
