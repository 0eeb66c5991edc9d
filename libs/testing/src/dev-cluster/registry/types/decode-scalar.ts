import type { Json } from '../../object/api-object.js';
import { canonicalQuantity } from '../../object/quantity.js';
import type { Scalar, ValueType } from './object-type.js';

const INT32 = 2 ** 31;

/** The canonical form of a value; undefined when it is of another JSON type, an Error when only its form is wrong. */
export function decodeScalar(scalar: Scalar, given: Json): Json | Error | undefined {
  switch (scalar) {
    case 'any':
      return given;
    case 'bool':
      return typeof given === 'boolean' ? given : undefined;
    case 'number':
      return typeof given === 'number' ? given : undefined;
    case 'int32':
      return Number.isInteger(given) && (given as number) < INT32 && (given as number) >= -INT32
        ? given
        : undefined;
    case 'int64':
      return Number.isInteger(given) ? given : undefined;
    case 'IntOrString':
      return Number.isInteger(given) || typeof given === 'string' ? given : undefined;
    case 'Quantity':
      return decodeQuantity(given);
    default:
      return typeof given === 'string' ? decodeText(scalar, given) : undefined;
  }
}

function decodeQuantity(given: Json): Json | Error | undefined {
  if (typeof given !== 'string' && typeof given !== 'number') return undefined;
  const text = canonicalQuantity(String(given));
  return (
    text ??
    new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  );
}

function decodeText(scalar: Scalar, text: string): string | Error {
  if (scalar === 'bytes') {
    const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) && text.replaceAll(/\s/g, '').length % 4 === 0;
    return isBase64 ? text.replaceAll(/\s/g, '') : new Error('illegal base64 data at input byte 0');
  }
  return scalar === 'Time' || scalar === 'MicroTime' ? decodeTime(scalar, text) : text;
}

/** A moment in UTC: to the second, or to the microsecond, of which all six digits are asked for. */
function decodeTime(scalar: 'Time' | 'MicroTime', text: string): string | Error {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const [, day, time, fraction = '', zone] = match ?? [];
  const atMs = match ? Date.parse(`${day}T${time}${zone}`) : Number.NaN;
  if (Number.isNaN(atMs) || (scalar === 'MicroTime' && fraction.length !== 6)) {
    const layout = `2006-01-02T15:04:05${scalar === 'MicroTime' ? '.000000' : ''}Z07:00`;
    const rest = match ? `${fraction ? `.${fraction}` : ''}${zone}` : text;
    return new Error(
      `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(rest)} as ${match ? '".000000"' : '"2006"'}`,
    );
  }
  const seconds = new Date(atMs).toISOString().slice(0, 19);
  return scalar === 'Time' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** The value of a field nobody has set. */
export function zeroOf(value: ValueType): Json {
  if (value.kind === 'list') return [];
  if (value.kind !== 'scalar') return {};
  switch (value.scalar) {
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'number':
    case 'IntOrString':
      return 0;
    case 'Quantity':
      return '0';
    case 'any':
    case 'Time':
    case 'MicroTime':
      return null;
    default:
      return '';
  }
}

/** A type as the real server's decoder names it in its messages. */
export function goTypeName(value: ValueType): string {
  if (value.kind === 'list') return `[]${goTypeName(value.of)}`;
  if (value.kind === 'map') return `map[string]${goTypeName(value.of)}`;
  if (value.kind === 'object') return `v1.${value.type().name}`;
  const names: Partial<Record<Scalar, string>> = {
    Label: 'string',
    bytes: '[]uint8',
    number: 'float64',
    Time: 'v1.Time',
    MicroTime: 'v1.MicroTime',
    Duration: 'string',
    Quantity: 'resource.Quantity',
    IntOrString: 'intstr.IntOrString',
  };
  return names[value.scalar] ?? value.scalar;
}
