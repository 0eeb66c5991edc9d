import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';
import { defineBuiltin } from './define-resource.js';
import { validateDefinition } from './validate-definition.js';

export const CRD_GROUP = 'apiextensions.k8s.io';

export const CUSTOM_RESOURCE_DEFINITIONS = defineBuiltin(
  'apiextensions.CustomResourceDefinition',
  {
    group: CRD_GROUP,
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    namespaced: false,
  },
  {
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    hasStatus: true,
    hasGeneration: true,
    setDefaults,
    validate: validateDefinition,
    initialStatus: establishedStatus,
  },
);

function setDefaults(definition: ApiObject): void {
  const spec: JsonObject = { conversion: { strategy: 'None' }, ...definition.spec };
  if (isObject(spec['names'])) {
    const kind = String(spec['names']['kind'] ?? '');
    spec['names'] = { singular: kind.toLowerCase(), listKind: `${kind}List`, ...spec['names'] };
  }
  definition.spec = spec;
}

/** Names are accepted and served at once: no other API server has to agree. */
function establishedStatus(definition: ApiObject): JsonObject {
  const versions = definition.spec?.['versions'];
  const stored = Array.isArray(versions)
    ? versions.find((v) => isObject(v) && v['storage'] === true)
    : undefined;
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: timestamp(),
  });
  return {
    acceptedNames: definition.spec?.['names'] ?? {},
    storedVersions: isObject(stored) ? [stored['name'] ?? ''] : [],
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  };
}
