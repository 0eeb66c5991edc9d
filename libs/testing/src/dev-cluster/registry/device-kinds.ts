import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import { items } from './columns/column.js';
import { defineBuiltin } from './define-resource.js';
import { selectorCauses } from './device-selectors.js';
import { immutableCauses } from './immutable.js';
import type { Resource } from './resource.js';

const GROUP = 'resource.k8s.io';
const MAX_CONSUMERS = 256;
const MAX_REQUESTS = 32;
const MAX_DEVICES = 128;

const forbidden = (field: string, why: string): Cause => ({
  field,
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
});

/** A request that asks for a number of devices asks for one when it does not say how many. */
function withCounts(spec: JsonObject): JsonObject {
  const counted = (request: Json | undefined): Json | undefined =>
    isObject(request) && request['allocationMode'] === 'ExactCount' && !request['count']
      ? { ...request, count: 1 }
      : request;
  const devices = isObject(spec['devices']) ? spec['devices'] : {};
  if (!Array.isArray(devices['requests'])) return spec;
  const requests = devices['requests'].map((request) => {
    if (!isObject(request)) return request;
    const exactly = counted(request['exactly']);
    const choices = request['firstAvailable'];
    return {
      ...request,
      ...(exactly === undefined ? {} : { exactly }),
      ...(Array.isArray(choices) ? { firstAvailable: choices.map((choice) => counted(choice) ?? null) } : {}),
    };
  });
  return { ...spec, devices: { ...devices, requests } };
}

function requestCauses(spec: JsonObject | undefined, path: string): Cause[] {
  const devices = isObject(spec?.['devices']) ? spec['devices'] : {};
  const requests = items(devices['requests']);
  const field = `${path}.devices.requests`;
  const causes = requests.flatMap((request, i): Cause[] => {
    const at = `${field}[${i}]`;
    const isChosen = request['exactly'] !== undefined;
    const hasChoices = items(request['firstAvailable']).length > 0;
    if (isChosen !== hasChoices) return [];
    return isChosen
      ? [
          {
            field: at,
            reason: 'FieldValueInvalid',
            message:
              'Invalid value: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
          },
        ]
      : [
          {
            field: at,
            reason: 'FieldValueRequired',
            message: 'Required value: exactly one of `exactly` or `firstAvailable` is required',
          },
        ];
  });
  for (const [i, request] of requests.entries()) {
    const exactly = isObject(request['exactly']) ? request['exactly'] : {};
    causes.push(...selectorCauses(exactly['selectors'], `${field}[${i}].exactly.selectors`));
    for (const [j, choice] of items(request['firstAvailable']).entries())
      causes.push(...selectorCauses(choice['selectors'], `${field}[${i}].firstAvailable[${j}].selectors`));
  }
  const names = requests.map((request) => String(request['name']));
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i)
      causes.push({
        field: `${field}[${i}]`,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify({ name })}`,
      });
  }
  if (requests.length > MAX_REQUESTS) causes.push(tooMany(field, requests.length, MAX_REQUESTS));
  return causes;
}

const tooMany = (field: string, count: number, limit: number): Cause => ({
  field,
  reason: 'FieldValueTooMany',
  message: `Too many: ${count}: must have at most ${limit} items`,
});

/** A claim's request stays; an allocation is taken back before there is another, and used only while it is there. */
function validateClaim(claim: ApiObject, old: ApiObject | undefined): Cause[] {
  if (old && !sameJson(claim.spec, old.spec)) return immutableCauses(claim, old, ['spec']);
  const causes = old ? [] : requestCauses(claim.spec, 'spec');
  const { allocation, reservedFor } = claim.status ?? {};
  const consumers = items(reservedFor);
  const known = new Set(items(old?.status?.['reservedFor']).map((consumer) => consumer['uid']));
  const field = 'status.reservedFor';
  if (consumers.length > 0 && allocation === undefined) {
    causes.push(forbidden(field, 'may not be specified when `allocated` is not set'));
  } else if (claim.metadata.deletionTimestamp && consumers.some((consumer) => !known.has(consumer['uid']))) {
    causes.push(
      forbidden(
        field,
        'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      ),
    );
  }
  const uids = consumers.map((consumer) => String(consumer['uid']));
  for (const [i, uid] of uids.entries()) {
    if (uids.indexOf(uid) !== i)
      causes.push({
        field: `${field}[${i}].uid`,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(uid)}`,
      });
  }
  if (consumers.length > MAX_CONSUMERS) causes.push(tooMany(field, consumers.length, MAX_CONSUMERS));
  if (old?.status?.['allocation'] !== undefined && allocation !== undefined)
    causes.push(...immutableCauses(claim, old, ['status.allocation']));
  return causes;
}

function validateSlice(slice: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = slice.spec ?? {};
  const causes = immutableCauses(slice, old, ['spec.pool.name', 'spec.driver', 'spec.nodeName']);
  const where = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'].filter(
    (field) => spec[field] !== undefined && spec[field] !== false,
  );
  const one = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (where.length === 0)
    causes.push({ field: 'spec', reason: 'FieldValueRequired', message: `Required value: ${one}` });
  else if (where.length > 1) {
    const message = `Invalid value: "{\`${where.join('`, `')}\`}": ${one}, but multiple fields are set`;
    causes.push({ field: 'spec', reason: 'FieldValueInvalid', message });
  }
  const devices = items(spec['devices']);
  if (devices.length > MAX_DEVICES) causes.push(tooMany('spec.devices', devices.length, MAX_DEVICES));
  const names = devices.map((device) => String(device['name']));
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i)
      causes.push({
        field: `spec.devices[${i}]`,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify({ name })}`,
      });
  }
  return causes;
}

/** Dynamic resource allocation. */
export const DEVICE_KINDS: readonly Resource[] = [
  defineBuiltin(
    'resource.DeviceClass',
    { group: GROUP, plural: 'deviceclasses', kind: 'DeviceClass', namespaced: false },
    {
      hasGeneration: true,
      validate: ({ spec }) => selectorCauses(spec?.['selectors'], 'spec.selectors'),
    },
  ),
  defineBuiltin(
    'resource.ResourceClaim',
    { group: GROUP, plural: 'resourceclaims', kind: 'ResourceClaim', namespaced: true },
    {
      hasStatus: true,
      returnsDeletedObject: true,
      initialStatus: () => ({}),
      setDefaults: (claim) => {
        claim.spec = withCounts(claim.spec ?? {});
      },
      validate: validateClaim,
    },
  ),
  defineBuiltin(
    'resource.ResourceClaimTemplate',
    { group: GROUP, plural: 'resourceclaimtemplates', kind: 'ResourceClaimTemplate', namespaced: true },
    {
      returnsDeletedObject: true,
      setDefaults: (template) => {
        const inner = template.spec?.['spec'];
        if (isObject(inner)) template.spec = { ...template.spec, spec: withCounts(inner) };
      },
      validate: (template, old) => {
        const inner = template.spec?.['spec'];
        const causes = old ? [] : requestCauses(isObject(inner) ? inner : {}, 'spec.spec');
        return [...causes, ...immutableCauses(template, old, ['spec'])];
      },
    },
  ),
  defineBuiltin(
    'resource.ResourceSlice',
    { group: GROUP, plural: 'resourceslices', kind: 'ResourceSlice', namespaced: false },
    {
      hasGeneration: true,
      returnsDeletedObject: true,
      selectableFields: ['spec.nodeName', 'spec.driver'],
      validate: validateSlice,
    },
  ),
];
