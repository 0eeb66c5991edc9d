import type { Json } from '../../object/api-object.js';
import {
  type Field,
  type ObjectType,
  type Presence,
  SCALARS,
  type Scalar,
  type ValueType,
} from './object-type.js';

/**
 * Reads types in a compact notation. A type is a paragraph: its name, ` atomic` when server-side apply takes it as
 * one value, a colon, and fields parted by semicolons. A field is:
 *
 *     <protobuf number> <name><!>?<* or +>? <type>(<one>|<of>|<these>)?<[min..max]>?<{list,keys}>?<~merge key>? atomic?=<default>?
 *
 * - `!` must be given; `*` is kept although it has its zero value, `+` is there even when it was not sent
 * - types: `string`, `int32` … (`SCALARS`), `[]T`, `map[T]`, and names of other types, `package.Name` in other packages
 * - `{a,b}` items of the list are told apart by these fields, `{}` by value; `~a` strategic merge patches merge by `a`
 * - `...` in place of a name embeds the type's fields; number 0: not in the protobuf form
 *
 * @param resolve finds a type by the name that the notation gives it
 * @throws Error quoting the field that cannot be read
 */
export function parseTypes(
  text: string,
  resolve: (name: string) => ObjectType,
): Map<string, () => ObjectType> {
  const types = new Map<string, () => ObjectType>();
  for (const paragraph of text.trim().split(/\n(?=\S)/)) {
    const [head = '', ...rest] = paragraph.split(':');
    const [name = '', atomic] = head.split(' ');
    let parsed: ObjectType | undefined;
    types.set(name, () => {
      parsed ??= parseType(name, atomic !== undefined, rest.join(':'), resolve);
      return parsed;
    });
  }
  return types;
}

function parseType(
  name: string,
  isAtomic: boolean,
  body: string,
  resolve: (name: string) => ObjectType,
): ObjectType {
  const fields = new Map<string, Field>();
  const byNumber = new Map<number, Field | ObjectType>();
  for (const text of body.split(';').map((part) => part.trim())) {
    if (!text) continue;
    const embedded = /^(\d+) \.\.\. (\S+)$/.exec(text);
    if (embedded) {
      const type = resolve(embedded[2] ?? '');
      for (const [key, field] of type.fields) fields.set(key, field);
      byNumber.set(Number(embedded[1]), type);
    } else {
      const field = parseField(text, resolve);
      fields.set(field.name, field);
      byNumber.set(field.number, field);
    }
  }
  return { name, isAtomic, fields, byNumber };
}

const FIELD =
  /^(?<number>\d+) (?<name>\w+)(?<required>!)?(?<mark>[*+])? (?<type>[\w.[\]]+?)(?:\((?<oneOf>[^)]*)\))?(?:\[(?<min>-?\d+)\.\.(?<max>\d*)\])?(?:\{(?<keys>[\w,]*)\})?(?<merge>~\w*)?(?<atomic> atomic)?(?:=(?<fallback>.+))?$/s;

function parseField(text: string, resolve: (name: string) => ObjectType): Field {
  const groups = FIELD.exec(text)?.groups;
  if (!groups) throw new Error(`cannot read the field ${JSON.stringify(text)}`);
  const {
    number,
    name = '',
    required,
    mark,
    type = '',
    oneOf,
    min,
    max,
    keys,
    merge,
    atomic,
    fallback,
  } = groups;
  const presence: Presence = mark === '*' ? 'kept' : mark === '+' ? 'always' : 'optional';
  const limits = {
    ...(oneOf === undefined ? {} : { oneOf: oneOf.split('|').map((value) => value.trim()) }),
    ...(min ? { minimum: Number(min) } : {}),
    ...(max ? { maximum: Number(max) } : {}),
  };
  return {
    name,
    number: Number(number),
    value: parseValueType(type, limits, resolve),
    presence,
    isRequired: required !== undefined,
    isAtomic: atomic !== undefined,
    ...(fallback === undefined ? {} : { default: JSON.parse(fallback) as Json }),
    ...(keys === undefined ? {} : { listKeys: keys.split(',').filter((key) => key !== '') }),
    ...(merge === undefined ? {} : { mergeKey: merge.slice(1) }),
  };
}

function parseValueType(text: string, limits: object, resolve: (name: string) => ObjectType): ValueType {
  if (text.startsWith('[]')) return { kind: 'list', of: parseValueType(text.slice(2), limits, resolve) };
  if (text.startsWith('map[')) return { kind: 'map', of: parseValueType(text.slice(4, -1), limits, resolve) };
  if (SCALARS.includes(text as Scalar)) return { kind: 'scalar', scalar: text as Scalar, ...limits };
  return { kind: 'object', type: () => resolve(text) };
}
