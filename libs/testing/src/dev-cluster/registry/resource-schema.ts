import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { prune } from './prune.js';
import { schemaCause } from './schema-cause.js';
import { setSchemaDefaults } from './set-defaults.js';
import type { StructuralSchema } from './structural-schema.js';
import { toJsonSchema } from './to-json-schema.js';

/** Admission by the schema of one version of a custom resource. */
export class ResourceSchema {
  private compiled: ValidateFunction | undefined;

  constructor(readonly schema: StructuralSchema) {}

  /** Drops unknown fields and fills in defaults, in place. @returns paths of the dropped fields */
  normalize(object: ApiObject): string[] {
    const dropped = prune(object, this.schema);
    setSchemaDefaults(object, this.schema);
    return dropped;
  }

  validate(object: ApiObject): Cause[] {
    this.compiled ??= compile(this.schema);
    if (this.compiled(object)) return [];
    const errors = (this.compiled.errors ?? []).filter(
      (e: ErrorObject) => !['anyOf', 'if', 'not'].includes(e.keyword),
    );
    return (errors.length > 0 ? errors : (this.compiled.errors ?? [])).map((error) => schemaCause(error));
  }
}

/** @throws Error when the schema itself cannot be used */
export function compile(schema: StructuralSchema): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, logger: false });
  ajvFormats.default(ajv);
  return ajv.compile(toJsonSchema(schema, true));
}
