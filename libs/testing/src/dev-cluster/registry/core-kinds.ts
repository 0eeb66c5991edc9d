import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import { dataKeyCauses } from './data-keys.js';
import { defineBuiltin } from './define-resource.js';
import type { Resource } from './resource.js';
import { storageCauses } from './storage-causes.js';
import { validateEvent } from './validate-event.js';

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

/** Data marked `immutable` stays, and so does the mark. */
function validateImmutable(object: ApiObject, old: ApiObject | undefined): Cause[] {
  if (old?.['immutable'] !== true) return [];
  const forbidden = (field: string): Cause => ({
    field,
    reason: 'FieldValueForbidden',
    message: 'Forbidden: field is immutable when `immutable` is set',
  });
  const changed = ['immutable', 'data', 'binaryData'].filter((field) => !sameJson(object[field], old[field]));
  return changed.map(forbidden);
}

/** The core kinds that need little more than their type. */
export const CORE_KINDS: readonly Resource[] = [
  defineBuiltin(
    'core.ConfigMap',
    { group: '', plural: 'configmaps', kind: 'ConfigMap', namespaced: true },
    {
      shortNames: ['cm'],
      validate: (map, old) => [...dataKeyCauses(map), ...validateImmutable(map, old)],
    },
  ),
  defineBuiltin(
    'core.Secret',
    { group: '', plural: 'secrets', kind: 'Secret', namespaced: true },
    {
      selectableFields: ['type'],
      setDefaults: (secret) => {
        const plain = secret['stringData'];
        if (!isObject(plain)) return;
        const encoded = Object.entries(plain).map(([key, value]) => [
          key,
          Buffer.from(String(value)).toString('base64'),
        ]);
        secret['data'] = {
          ...(isObject(secret['data']) ? secret['data'] : {}),
          ...Object.fromEntries(encoded),
        };
        delete secret['stringData'];
      },
      validate: (secret, old) => [
        ...dataKeyCauses(secret),
        ...validateImmutable(secret, old),
        ...(old && old['type'] !== secret['type']
          ? [
              {
                field: 'type',
                reason: 'FieldValueInvalid' as const,
                message: `Invalid value: ${JSON.stringify(secret['type'])}: field is immutable`,
              },
            ]
          : []),
      ],
    },
  ),
  defineBuiltin(
    'core.ServiceAccount',
    { group: '', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
    { shortNames: ['sa'], returnsDeletedObject: true },
  ),
  defineBuiltin(
    'core.Endpoints',
    { group: '', plural: 'endpoints', kind: 'Endpoints', namespaced: true },
    {
      singular: 'endpoints',
      shortNames: ['ep'],
      listKind: 'EndpointsList',
      deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    },
  ),
  defineBuiltin(
    'core.PersistentVolumeClaim',
    { group: '', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true },
    {
      shortNames: ['pvc'],
      hasStatus: true,
      returnsDeletedObject: true,
      validate: ({ spec }) => storageCauses(spec, 'spec'),
      initialStatus: () => ({ phase: 'Pending' }),
    },
  ),
  defineBuiltin(
    'core.Event',
    { group: '', plural: 'events', kind: 'Event', namespaced: true },
    {
      shortNames: ['ev'],
      selectableFields: EVENT_FIELDS,
      nameRule: 'subdomain',
      validate: validateEvent,
    },
  ),
  defineBuiltin(
    'discovery.EndpointSlice',
    { group: 'discovery.k8s.io', plural: 'endpointslices', kind: 'EndpointSlice', namespaced: true },
    { hasGeneration: true },
  ),
  defineBuiltin(
    'coordination.Lease',
    { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease', namespaced: true },
    { allowUnconditionalUpdate: false },
  ),
];
