import type { Cause } from '../../object/api-error.js';
import type { Json, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import { checkName } from '../../object/names.js';
import type { ObjectType, ValueType } from './object-type.js';

/** What a decoded value breaks of its type's rules: required fields, enumerations and bounds. */
export function validateValue(type: ObjectType, value: JsonObject, path = ''): Cause[] {
  const causes: Cause[] = [];
  for (const field of type.fields.values()) {
    const at = path ? `${path}.${field.name}` : field.name;
    const given = value[field.name];
    if (field.isRequired && isMissing(given)) {
      causes.push({ field: at, reason: 'FieldValueRequired', message: 'Required value' });
    } else if (given !== undefined && given !== null && given !== '')
      causes.push(...valueCauses(field.value, given, at));
  }
  return causes;
}

const isMissing = (given: Json | undefined): boolean =>
  given === undefined ||
  given === null ||
  given === '' ||
  given === 0 ||
  (Array.isArray(given) && given.length === 0);

function valueCauses(type: ValueType, given: Json, at: string): Cause[] {
  if (type.kind === 'object') return isObject(given) ? validateValue(type.type(), given, at) : [];
  if (type.kind === 'list') {
    return Array.isArray(given) ? given.flatMap((item, i) => valueCauses(type.of, item, `${at}[${i}]`)) : [];
  }
  if (type.kind === 'map') {
    return isObject(given)
      ? Object.entries(given).flatMap(([key, item]) => valueCauses(type.of, item ?? null, `${at}[${key}]`))
      : [];
  }
  return scalarCauses(type, given, at);
}

function scalarCauses(type: Extract<ValueType, { kind: 'scalar' }>, given: Json, at: string): Cause[] {
  const { scalar, oneOf, minimum, maximum } = type;
  if (scalar === 'Label') {
    const cause = checkName(String(given), 'label');
    return cause ? [{ ...cause, field: at }] : [];
  }
  if (oneOf && !oneOf.includes(String(given))) {
    const supported = oneOf.map((value) => JSON.stringify(value)).join(', ');
    const message = `Unsupported value: ${JSON.stringify(given)}: supported values: ${supported}`;
    return [{ field: at, reason: 'FieldValueNotSupported', message }];
  }
  if (typeof given !== 'number') return [];
  const rule =
    minimum !== undefined && maximum !== undefined
      ? `must be between ${minimum} and ${maximum}, inclusive`
      : minimum === 1
        ? 'must be greater than 0'
        : `must be greater than or equal to ${minimum}`;
  const isWithin = given >= (minimum ?? -Infinity) && given <= (maximum ?? Infinity);
  return isWithin
    ? []
    : [{ field: at, reason: 'FieldValueInvalid', message: `Invalid value: ${given}: ${rule}` }];
}
