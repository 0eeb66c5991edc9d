import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { type CompiledRules, compileRules } from './cel/compile-rules.js';
import { runRules } from './cel/run-rules.js';
import { goRegExp } from './go-reg-exp.js';
import { IDENTITY_FIELDS } from './identity-fields.js';
import { isUnchanged } from './is-unchanged.js';
import { listDuplicates } from './list-duplicates.js';
import type { ObjectSchema } from './object-schema.js';
import { prune } from './prune.js';
import { schemaCause } from './schema-cause.js';
import { setSchemaDefaults } from './set-defaults.js';
import type { StructuralSchema } from './structural-schema.js';
import { toJsonSchema } from './to-json-schema.js';
import { describeType } from './types/describe-type.js';
import { builtinType } from './types/type-library.js';

/** Findings after which the rules of a schema are not asked. */
const BLOCKING: ReadonlySet<Cause['reason']> = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const NOT_CHECKED: Cause = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Admission by the schema of one version of a custom resource. */
export class ResourceSchema implements ObjectSchema {
  private compiled: ValidateFunction | undefined;
  private rules: CompiledRules | undefined;

  constructor(readonly schema: StructuralSchema) {}

  /** Drops unknown fields and fills in defaults, in place. @returns paths of the dropped fields */
  normalize(object: ApiObject): string[] {
    const dropped = prune(object, this.schema);
    setSchemaDefaults(object, this.schema);
    return dropped;
  }

  /** Nothing: what a custom resource does not say is not there. */
  empty(): JsonObject {
    return {};
  }

  describe(name: string, identity: JsonObject): JsonObject {
    const schemas: JsonObject = {};
    const metadata = {
      $ref: `#/components/schemas/${describeType(builtinType('meta.ObjectMeta'), schemas)}`,
    };
    const schema = structuredClone(this.schema) as JsonObject;
    const properties = { ...(isObject(schema['properties']) ? schema['properties'] : {}) };
    schemas[name] = {
      ...schema,
      properties: { ...IDENTITY_FIELDS, ...properties, metadata: { allOf: [metadata] } },
      'x-kubernetes-group-version-kind': [identity],
    };
    return schemas;
  }

  /** What is wrong with an object; what an update leaves as it was is not held against it. */
  validate(object: ApiObject, old?: ApiObject): Cause[] {
    const causes = this.schemaErrors(object)
      .filter((error) => !old || !isUnchanged(error.instancePath, this.schema, object, old))
      .map((error) => schemaCause(error));
    if (!old || listDuplicates(old, this.schema).length === 0)
      causes.push(...listDuplicates(object, this.schema));
    this.rules ??= compileRules(this.schema, '');
    const { root } = this.rules;
    if (!root) return causes;
    // Rules are written for objects of the right shape.
    if (causes.some(({ reason }) => BLOCKING.has(reason))) return [...causes, NOT_CHECKED];
    return [...causes, ...runRules(root, object, old)];
  }

  private schemaErrors(object: ApiObject): ErrorObject[] {
    this.compiled ??= compile(this.schema);
    if (this.compiled(object)) return [];
    const all = this.compiled.errors ?? [];
    const errors = all.filter((e) => !['anyOf', 'if', 'not'].includes(e.keyword));
    return errors.length > 0 ? errors : all;
  }
}

/** Patterns are Go's; flags that the validator would add are not. `code` is for code that is kept, which this is not. */
const REGULAR_EXPRESSIONS = Object.assign((pattern: string) => goRegExp(pattern), { code: 'RegExp' });

/** As Go writes durations, not as ISO 8601 does. */
const GO_DURATION = /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+)$/;

/** @throws Error when the schema itself cannot be used */
export function compile(schema: StructuralSchema): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    code: { regExp: REGULAR_EXPRESSIONS },
  });
  ajvFormats.default(ajv);
  ajv.addFormat('duration', GO_DURATION);
  return ajv.compile(toJsonSchema(schema, true));
}
