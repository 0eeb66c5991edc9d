import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { IDENTITY_FIELDS } from './identity-fields.js';
import type { ObjectSchema } from './object-schema.js';
import { decode, emptyValue } from './types/decode.js';
import { describeType } from './types/describe-type.js';
import type { ObjectType } from './types/object-type.js';
import { builtinType } from './types/type-library.js';
import { validateValue } from './types/validate.js';

/** Admission of a built-in kind by its type. */
export class TypedSchema implements ObjectSchema {
  constructor(private readonly typeName: string) {}

  get type(): ObjectType {
    return builtinType(this.typeName);
  }

  normalize(object: ApiObject): string[] {
    const { apiVersion, kind, metadata, ...fields } = object;
    const unknown: string[] = [];
    const decoded = decode(this.type, fields, unknown, true);
    for (const key of Object.keys(fields)) delete object[key];
    const { metadata: _metadata, ...rest } = decoded;
    Object.assign(object, rest);
    return unknown;
  }

  empty(): JsonObject {
    return emptyValue(this.type);
  }

  describe(name: string, identity: JsonObject): JsonObject {
    const schemas: JsonObject = {};
    const schema = schemas[describeType(this.type, schemas)] as JsonObject;
    const properties = { ...IDENTITY_FIELDS, ...(schema['properties'] as JsonObject) };
    schemas[name] = { ...schema, properties, 'x-kubernetes-group-version-kind': [identity] };
    return schemas;
  }

  validate(object: ApiObject): Cause[] {
    const { metadata: _metadata, ...fields } = object;
    return validateValue(this.type, fields);
  }
}
