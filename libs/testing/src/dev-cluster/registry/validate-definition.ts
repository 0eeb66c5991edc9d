import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, sameJson, valueAt } from '../object/json.js';
import { compileRules } from './cel/compile-rules.js';
import { compile } from './resource-schema.js';
import type { StructuralSchema } from './structural-schema.js';

const invalid = (field: string, why: string): Cause => ({ field, reason: 'FieldValueInvalid', message: why });
const required = (field: string, why = ''): Cause => ({
  field,
  reason: 'FieldValueRequired',
  message: why ? `Required value: ${why}` : 'Required value',
});

/** The rules of apiextensions/v1 that keep a definition usable. */
export function validateDefinition(definition: ApiObject): Cause[] {
  const spec = definition.spec ?? {};
  const names = isObject(spec['names']) ? spec['names'] : {};
  const causes: Cause[] = [];
  for (const field of ['plural', 'kind']) if (!names[field]) causes.push(required(`spec.names.${field}`));
  if (!spec['group']) causes.push(required('spec.group'));
  const expected = `${String(names['plural'])}.${String(spec['group'])}`;
  if (causes.length === 0 && definition.metadata.name !== expected) {
    causes.push(
      invalid(
        'metadata.name',
        `Invalid value: ${JSON.stringify(definition.metadata.name)}: must be spec.names.plural+"."+spec.group`,
      ),
    );
  }
  if (spec['scope'] !== 'Namespaced' && spec['scope'] !== 'Cluster') {
    causes.push(
      invalid(
        'spec.scope',
        `Unsupported value: ${JSON.stringify(spec['scope'])}: supported values: "Cluster", "Namespaced"`,
      ),
    );
  }
  const versions = Array.isArray(spec['versions']) ? spec['versions'] : [];
  if (versions.filter((v) => isObject(v) && v['storage'] === true).length !== 1) {
    causes.push(
      invalid('spec.versions', 'Invalid value: must have exactly one version marked as storage version'),
    );
  }
  causes.push(...versions.flatMap((version, i) => versionCauses(version, `spec.versions[${i}]`)));
  return causes.length > 0 ? causes : allRuleCauses(versions.filter(isObject));
}

/** What is wrong with the CEL rules. A schema that all versions share is reported once, where v1beta1 had it. */
function allRuleCauses(versions: readonly JsonObject[]): Cause[] {
  const schemas = versions.map((version) => valueAt(version, ['schema', 'openAPIV3Schema']));
  const isShared = schemas.every((schema) => sameJson(schema, schemas[0]));
  return schemas.slice(0, isShared ? 1 : undefined).flatMap((schema, i) => {
    const parent = isShared ? 'spec.validation' : `spec.versions[${i}].schema`;
    return compileRules(schema as StructuralSchema, `${parent}.openAPIV3Schema`).causes;
  });
}

function versionCauses(version: unknown, field: string): Cause[] {
  if (!isObject(version) || !version['name']) return [required(`${field}.name`)];
  const schema = isObject(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
  if (!isObject(schema)) return [required(`${field}.schema.openAPIV3Schema`, 'schemas are required')];
  const schemaField = `${field}.schema.openAPIV3Schema`;
  if (schema['type'] !== 'object') {
    return [
      invalid(
        `${schemaField}.type`,
        `Invalid value: ${JSON.stringify(schema['type'])}: must be object at the root`,
      ),
    ];
  }
  try {
    compile(schema as StructuralSchema);
    return [];
  } catch (error) {
    return [invalid(schemaField, `Invalid value: "The schema is not valid": ${(error as Error).message}`)];
  }
}
