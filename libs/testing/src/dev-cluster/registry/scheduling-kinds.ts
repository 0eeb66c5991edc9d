import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { items } from './columns/column.js';
import { defineBuiltin } from './define-resource.js';
import { immutableCauses } from './immutable.js';
import type { Resource } from './resource.js';

const GROUP = 'scheduling.k8s.io';
/** Above this only the cluster's own classes may be. */
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const MAX_TEMPLATES = 8;

const invalid = (field: string, message: string): Cause => ({ field, reason: 'FieldValueInvalid', message });

/** Exactly one way of scheduling is chosen. */
function policyCauses(owner: JsonObject, path: string): Cause[] {
  const policy = isObject(owner['schedulingPolicy']) ? owner['schedulingPolicy'] : {};
  const field = `${path}.schedulingPolicy`;
  const chosen = ['basic', 'gang'].filter((name) => policy[name] !== undefined);
  if (chosen.length === 1) return [];
  const message =
    chosen.length === 0
      ? 'Invalid value: "": must specify one of: `basic`, `gang`'
      : 'Invalid value: "{`basic`, `gang`}": must specify exactly one of: `basic`, `gang`';
  return [invalid(field, message)];
}

function validatePriorityClass(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const value = Number(object['value']);
  const isSystem = object.metadata.name.startsWith('system-');
  if (!old && !isSystem && value > HIGHEST_USER_PRIORITY) {
    const message = `Forbidden: maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`;
    return [{ field: 'value', reason: 'FieldValueForbidden', message }];
  }
  if (!old && isSystem && !SYSTEM_CLASSES.has(object.metadata.name)) {
    const message =
      "Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: not a known system priority class";
    return [{ field: 'metadata.name', reason: 'FieldValueForbidden', message }];
  }
  const causes: Cause[] = [];
  if (old && old['value'] !== object['value'])
    causes.push({
      field: 'value',
      reason: 'FieldValueForbidden',
      message: 'Forbidden: may not be changed in an update.',
    });
  return [...causes, ...immutableCauses(object, old, ['preemptionPolicy'])];
}

/** Priorities of the classes every cluster has. */
export const SYSTEM_CLASSES: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

function validateWorkload(workload: ApiObject, old: ApiObject | undefined): Cause[] {
  const templates = items(workload.spec?.['podGroupTemplates']);
  const seen = new Set<string>();
  const causes = templates.flatMap((template, i) => {
    const path = `spec.podGroupTemplates[${i}]`;
    const name = String(template['name']);
    const duplicate: Cause[] = seen.has(name)
      ? [
          {
            field: path,
            reason: 'FieldValueDuplicate',
            message: `Duplicate value: {"name":${JSON.stringify(name)}}`,
          },
        ]
      : [];
    seen.add(name);
    return [...duplicate, ...policyCauses(template, path)];
  });
  if (templates.length > MAX_TEMPLATES) {
    const message = `Too many: ${templates.length}: must have at most ${MAX_TEMPLATES} items`;
    causes.push({ field: 'spec.podGroupTemplates', reason: 'FieldValueTooMany', message });
  }
  return [...causes, ...immutableCauses(workload, old, ['spec.podGroupTemplates'])];
}

function validatePodGroup(group: ApiObject, old: ApiObject | undefined): Cause[] {
  const claims = new Set(items(group.spec?.['resourceClaims']).map((claim) => claim['name']));
  const unknown = items(group.status?.['resourceClaimStatuses']).flatMap(({ name }, i) =>
    claims.has(name)
      ? []
      : [
          invalid(
            `status.resourceClaimStatuses[${i}].name`,
            `Invalid value: ${JSON.stringify(name)}: must match the name of an entry in \`spec.resourceClaims\``,
          ),
        ],
  );
  const fixed = Object.keys({ ...group.spec, ...old?.spec }).map((field) => `spec.${field}`);
  return [...policyCauses(group.spec ?? {}, 'spec'), ...immutableCauses(group, old, fixed), ...unknown];
}

/** Priorities, and the upstream form of gangs. */
export const SCHEDULING_KINDS: readonly Resource[] = [
  defineBuiltin(
    'scheduling.PriorityClass',
    { group: GROUP, plural: 'priorityclasses', kind: 'PriorityClass', namespaced: false },
    { shortNames: ['pc'], hasGeneration: true, validate: validatePriorityClass },
  ),
  defineBuiltin(
    'scheduling.Workload',
    { group: GROUP, plural: 'workloads', kind: 'Workload', namespaced: true },
    { storageVersion: 'v1alpha2', validate: validateWorkload },
  ),
  defineBuiltin(
    'scheduling.PodGroup',
    { group: GROUP, plural: 'podgroups', kind: 'PodGroup', namespaced: true },
    {
      storageVersion: 'v1alpha2',
      hasStatus: true,
      initialStatus: () => ({}),
      validate: validatePodGroup,
    },
  ),
];
