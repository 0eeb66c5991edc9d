import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson, valueAt } from '../object/json.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { formatLabelSelector } from '../object/selector-text.js';
import { items } from './columns/column.js';
import { countTemplates } from './count-templates.js';
import { defineBuiltin } from './define-resource.js';
import { withPodSpecDefaults } from './pod-defaults.js';
import { podSpecCauses } from './pod-spec-causes.js';
import type { Resource, ScalePaths } from './resource.js';
import { storageCauses } from './storage-causes.js';

const SCALE: ScalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  selectorOf: ({ spec }) => formatLabelSelector(spec?.['selector']),
};

type Defaults = (spec: JsonObject) => JsonObject;

function workload(plural: string, kind: string, defaults: Defaults, more: Partial<Resource>): Resource {
  return defineBuiltin(
    `apps.${kind}`,
    { group: 'apps', plural, kind, namespaced: true },
    {
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      setDefaults: (object) => {
        const spec = object.spec ?? {};
        const template = isObject(spec['template']) ? spec['template'] : {};
        const podSpec = isObject(template['spec']) ? template['spec'] : {};
        object.spec = {
          ...spec,
          ...defaults(spec),
          template: { ...template, spec: withPodSpecDefaults(podSpec) },
        };
      },
      validate: validateWorkload,
      initialStatus: () => ({}),
      ...more,
    },
  );
}

/** The rules of apps/v1: a selector that fits the template and stays, and pods that are restarted. */
function validateWorkload(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const { spec = {} } = object;
  const selector = formatLabelSelector(spec['selector']);
  const labels = valueAt(spec, ['template', 'metadata', 'labels']);
  const causes: Cause[] = [];
  if (!selector) {
    causes.push({ field: 'spec.selector', reason: 'FieldValueRequired', message: 'Required value' });
  } else if (!parseLabelSelector(selector)((labels ?? {}) as Record<string, string>)) {
    causes.push({
      field: 'spec.template.metadata.labels',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(labels ?? null)}: \`selector\` does not match template \`labels\``,
    });
  }
  if (old && !sameJson(spec['selector'], old.spec?.['selector'])) {
    const message = `Invalid value: ${JSON.stringify(spec['selector'] ?? null)}: field is immutable`;
    causes.push({ field: 'spec.selector', reason: 'FieldValueInvalid', message });
  }
  const policy = valueAt(spec, ['template', 'spec', 'restartPolicy']);
  if (policy !== 'Always') {
    causes.push({
      field: 'spec.template.spec.restartPolicy',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Always"`,
    });
  }
  const podSpec = valueAt(spec, ['template', 'spec']);
  if (valueAt(spec, ['strategy', 'type']) === 'Recreate' && valueAt(spec, ['strategy', 'rollingUpdate'])) {
    const message = "Forbidden: may not be specified when strategy `type` is 'Recreate'";
    causes.push({ field: 'spec.strategy.rollingUpdate', reason: 'FieldValueForbidden', message });
  }
  return [
    ...causes,
    ...podSpecCauses(isObject(podSpec) ? podSpec : {}, 'spec.template.spec'),
    ...items(spec['volumeClaimTemplates']).flatMap((claim, i) =>
      storageCauses(claim['spec'], `spec.volumeClaimTemplates[${i}].spec`),
    ),
  ];
}

const rollingUpdate = (spec: JsonObject, field: string, parameters: JsonObject): JsonObject => {
  const given = isObject(spec[field]) ? spec[field] : {};
  const strategy: JsonObject = { ...given, type: given['type'] ?? 'RollingUpdate' };
  if (strategy['type'] !== 'RollingUpdate') return strategy;
  const own = isObject(given['rollingUpdate']) ? given['rollingUpdate'] : {};
  return { ...strategy, rollingUpdate: { ...parameters, ...own } };
};

/** A claim inside a set is a whole object, and looks like one that waits. */
const claimTemplate = (claim: Json): Json =>
  isObject(claim)
    ? { ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } }
    : claim;

/** What keeps pods running. */
export const WORKLOAD_KINDS: readonly Resource[] = [
  workload(
    'deployments',
    'Deployment',
    (spec) => ({ strategy: rollingUpdate(spec, 'strategy', { maxUnavailable: '25%', maxSurge: '25%' }) }),
    { shortNames: ['deploy'], scale: SCALE },
  ),
  workload('replicasets', 'ReplicaSet', () => ({}), {
    shortNames: ['rs'],
    scale: SCALE,
    selectableFields: ['status.replicas'],
    initialStatus: () => ({ replicas: 0 }),
  }),
  workload(
    'statefulsets',
    'StatefulSet',
    (spec) => ({
      updateStrategy: rollingUpdate(spec, 'updateStrategy', { partition: 0 }),
      ...(Array.isArray(spec['volumeClaimTemplates'])
        ? { volumeClaimTemplates: spec['volumeClaimTemplates'].map(claimTemplate) }
        : {}),
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: 'Retain',
        whenScaled: 'Retain',
        ...(isObject(spec['persistentVolumeClaimRetentionPolicy'])
          ? spec['persistentVolumeClaimRetentionPolicy']
          : {}),
      },
    }),
    {
      shortNames: ['sts'],
      scale: SCALE,
      initialStatus: () => ({ replicas: 0, availableReplicas: 0 }),
    },
  ),
  workload(
    'daemonsets',
    'DaemonSet',
    (spec) => ({ updateStrategy: rollingUpdate(spec, 'updateStrategy', { maxUnavailable: 1, maxSurge: 0 }) }),
    {
      shortNames: ['ds'],
      prepare: countTemplates,
      initialStatus: () => ({
        currentNumberScheduled: 0,
        numberMisscheduled: 0,
        desiredNumberScheduled: 0,
        numberReady: 0,
      }),
    },
  ),
  defineBuiltin('apps.ControllerRevision', {
    group: 'apps',
    plural: 'controllerrevisions',
    kind: 'ControllerRevision',
    namespaced: true,
  }),
];
