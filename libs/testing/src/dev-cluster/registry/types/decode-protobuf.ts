import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Json, JsonObject } from '../../object/api-object.js';
import type { Field, ObjectType, Scalar, ValueType } from './object-type.js';

/**
 * A message in the protobuf form of a built-in type, as the JSON a client might have sent instead.
 *
 * @throws Error for bytes that are no such message, or a field that has no JSON form here
 */
export function decodeProtobuf(type: ObjectType, bytes: Uint8Array): JsonObject {
  const result: JsonObject = {};
  readMessage(type, new BinaryReader(bytes), result);
  return result;
}

function readMessage(type: ObjectType, reader: BinaryReader, into: JsonObject): void {
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const found = type.byNumber.get(number);
    if (!found) reader.skip(wire);
    else if ('byNumber' in found) readMessage(found, new BinaryReader(reader.bytes()), into);
    else readField(found, reader, wire, into);
  }
}

function readField({ name, value }: Field, reader: BinaryReader, wire: WireType, into: JsonObject): void {
  if (value.kind === 'list') {
    const list = Array.isArray(into[name]) ? into[name] : [];
    into[name] = list;
    if (wire === WireType.LengthDelimited && isPackable(value.of)) {
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) list.push(readValue(value.of, packed));
    } else list.push(readValue(value.of, reader));
  } else if (value.kind === 'map') {
    const map = (into[name] ?? {}) as JsonObject;
    into[name] = map;
    const [key, item] = readMapEntry(value.of, new BinaryReader(reader.bytes()));
    map[key] = item;
  } else into[name] = readValue(value, reader);
}

const isPackable = (of: ValueType): boolean =>
  of.kind === 'scalar' && ['bool', 'int32', 'int64', 'number'].includes(of.scalar);

function readMapEntry(of: ValueType, reader: BinaryReader): [string, Json] {
  let key = '';
  let item: Json | undefined;
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === 1) key = reader.string();
    else if (number === 2) item = readValue(of, reader);
    else reader.skip(wire);
  }
  return [key, item ?? (of.kind === 'object' ? {} : null)];
}

function readValue(value: ValueType, reader: BinaryReader): Json {
  if (value.kind === 'object') return decodeProtobuf(value.type(), reader.bytes());
  if (value.kind !== 'scalar') return readNested(value, reader.bytes());
  return readScalar(value.scalar, reader);
}

/** A list inside a map or a list is a message that has it as its only field. */
function readNested(value: ValueType, bytes: Uint8Array): Json {
  const field: Field = {
    name: 'items',
    number: 1,
    value,
    presence: 'optional',
    isRequired: false,
    isAtomic: false,
  };
  const wrapper: ObjectType = {
    name: '',
    isAtomic: false,
    fields: new Map(),
    byNumber: new Map([[1, field]]),
  };
  return decodeProtobuf(wrapper, bytes)['items'] ?? [];
}

function readScalar(scalar: Scalar, reader: BinaryReader): Json {
  switch (scalar) {
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return Number(reader.int64());
    case 'number':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'Time':
      return readTime(reader.bytes(), false);
    case 'MicroTime':
      return readTime(reader.bytes(), true);
    case 'Quantity':
      return (
        numbered(reader.bytes(), (inner, number) => (number === 1 ? inner.string() : undefined))[0] ?? '0'
      );
    case 'IntOrString':
      return readIntOrString(reader.bytes());
    case 'any':
      return readRawJson(reader.bytes());
    default:
      return reader.string();
  }
}

/** The values of a small message in order; fields that `read` does not know are left out. */
function numbered<T>(bytes: Uint8Array, read: (reader: BinaryReader, number: number) => T | undefined): T[] {
  const reader = new BinaryReader(bytes);
  const values: T[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const value = read(reader, number);
    if (value === undefined) reader.skip(wire);
    else values.push(value);
  }
  return values;
}

/** Seconds and nanoseconds since 1970; an empty message is no time at all. */
function readTime(bytes: Uint8Array, isMicro: boolean): string | null {
  if (bytes.length === 0) return null;
  let seconds = 0;
  let nanos = 0;
  numbered(bytes, (reader, number) => {
    if (number === 1) seconds = Number(reader.int64());
    else if (number === 2) nanos = reader.int32();
    else return undefined;
    return number;
  });
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return isMicro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

function readIntOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let whole = 0;
  let text = '';
  numbered(bytes, (reader, number) => {
    if (number === 1) isText = Number(reader.int64()) === 1;
    else if (number === 2) whole = reader.int32();
    else if (number === 3) text = reader.string();
    else return undefined;
    return number;
  });
  return isText ? text : whole;
}

/** Free-form values travel as JSON text inside a message. */
function readRawJson(bytes: Uint8Array): Json {
  const [raw] = numbered(bytes, (reader, number) => (number === 1 ? Buffer.from(reader.bytes()) : undefined));
  return raw?.length ? (JSON.parse(raw.toString('utf8')) as Json) : null;
}
