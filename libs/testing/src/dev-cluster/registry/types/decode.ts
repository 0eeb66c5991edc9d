import type { Json, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import { decodeScalar, goTypeName, zeroOf } from './decode-scalar.js';
import type { Field, ObjectType, ValueType } from './object-type.js';

/** What a value must be and is not. The message is the one of the real server's decoder. */
export class DecodeError extends Error {}

/**
 * A value of a type as the API server's decoder would read and write it: unknown fields, nulls and zero values that
 * mean nothing are left out, values get their canonical form, and fields that are always there are.
 *
 * @param unknown takes the paths of the fields the type does not have
 * @param withDefaults also fills in what the type says a missing field means
 * @throws DecodeError for a value of another type
 */
export function decode(
  type: ObjectType,
  value: Json | undefined,
  unknown: string[] = [],
  withDefaults = false,
): JsonObject {
  return decodeObject(type, value, { path: '', fields: '', owner: type.name, unknown, withDefaults });
}

/** What a type's fields hold before anyone has set them, lists that are always written included. */
export function emptyValue(type: ObjectType): JsonObject {
  return decodeObject(type, undefined, {
    path: '',
    fields: '',
    owner: '',
    unknown: [],
    withDefaults: false,
    isEmpty: true,
  });
}

interface Place {
  /** `spec.containers[0].name` */
  readonly path: string;
  /** Names of the fields alone, and the type the last of them belongs to. */
  readonly fields: string;
  readonly owner: string;
  readonly unknown: string[];
  readonly withDefaults: boolean;
  readonly isEmpty?: boolean;
}

function decodeObject(type: ObjectType, value: Json | undefined, at: Place): JsonObject {
  const given = value ?? {};
  if (!isObject(given)) throw mismatch(given, type.name, at);
  const result: JsonObject = {};
  for (const key of Object.keys(given)) {
    if (!type.fields.has(key) && given[key] !== undefined)
      at.unknown.push(at.path ? `${at.path}.${key}` : key);
  }
  for (const field of type.fields.values()) {
    const decoded = decodeField(field, given[field.name], inField(at, type, field.name));
    if (decoded !== undefined) result[field.name] = decoded;
  }
  return result;
}

function inField(at: Place, type: ObjectType, name: string): Place {
  const path = at.path ? `${at.path}.${name}` : name;
  const { unknown, withDefaults, isEmpty } = at;
  const fields = at.fields ? `${at.fields}.${name}` : name;
  return { path, fields, owner: type.name, unknown, withDefaults, isEmpty };
}

function decodeField(field: Field, given: Json | undefined, at: Place): Json | undefined {
  const { value, presence } = field;
  const decoded = given === undefined || given === null ? undefined : decodeValue(value, given, at);
  if (decoded !== undefined && (presence !== 'optional' || !isZero(value, decoded))) return decoded;
  if (at.withDefaults && field.default !== undefined) return decodeValue(value, field.default, at);
  const isList = value.kind === 'list' || value.kind === 'map';
  if (presence !== 'always' && !(at.isEmpty && isList && presence === 'kept')) return undefined;
  return value.kind === 'object' ? decodeObject(value.type(), undefined, at) : zeroOf(value);
}

function decodeValue(value: ValueType, given: Json, at: Place): Json {
  switch (value.kind) {
    case 'object':
      return decodeObject(value.type(), given, at);
    case 'list':
      if (!Array.isArray(given)) throw mismatch(given, goTypeName(value), at);
      return given.map((item, i) =>
        decodeValue(value.of, orZero(value.of, item), { ...at, path: `${at.path}[${i}]` }),
      );
    case 'map':
      if (!isObject(given)) throw mismatch(given, goTypeName(value), at);
      return Object.fromEntries(
        Object.entries(given).flatMap(([key, item]) =>
          item === undefined
            ? []
            : [[key, decodeValue(value.of, orZero(value.of, item), { ...at, path: `${at.path}.${key}` })]],
        ),
      );
    default: {
      const decoded = decodeScalar(value.scalar, given);
      if (decoded instanceof Error) throw new DecodeError(decoded.message);
      if (decoded === undefined) throw mismatch(given, goTypeName(value), at);
      return decoded;
    }
  }
}

const orZero = (of: ValueType, item: Json): Json => item ?? (of.kind === 'object' ? {} : zeroOf(of));

/** A present object or free-form value means something even when it is empty. */
function isZero(value: ValueType, decoded: Json): boolean {
  if (value.kind === 'list') return (decoded as Json[]).length === 0;
  if (value.kind === 'map') return Object.keys(decoded as JsonObject).length === 0;
  return (
    value.kind === 'scalar' &&
    value.scalar !== 'any' &&
    (decoded === '' || decoded === 0 || decoded === false)
  );
}

function mismatch(given: Json, wanted: string, { fields, owner }: Place): DecodeError {
  const got = Array.isArray(given)
    ? 'array'
    : typeof given === 'boolean'
      ? 'bool'
      : typeof given === 'number' && /^u?int/.test(wanted)
        ? `number ${given}`
        : typeof given;
  return new DecodeError(
    `json: cannot unmarshal ${got} into Go struct field ${owner}.${fields} of type ${wanted}`,
  );
}
