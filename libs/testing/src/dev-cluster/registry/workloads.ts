import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, sameJson, valueAt } from '../object/json.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { formatLabelSelector } from '../object/selector-text.js';
import { defineResource } from './define-resource.js';
import { withPodSpecDefaults } from './pod-defaults.js';
import type { Resource, ScalePaths } from './resource.js';

const SCALE: ScalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  selectorOf: ({ spec }) => formatLabelSelector(spec?.['selector']),
};

type Defaults = (spec: JsonObject) => JsonObject;

function workload(plural: string, kind: string, defaults: Defaults, more: Partial<Resource>): Resource {
  return defineResource(
    { group: 'apps', plural, kind, namespaced: true },
    {
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      setDefaults: (object) => {
        const given = object.spec ?? {};
        const spec = { ...given, ...defaults(given) };
        const template = isObject(spec['template']) ? spec['template'] : {};
        const podSpec = isObject(template['spec']) ? template['spec'] : {};
        object.spec = { ...spec, template: { ...template, spec: withPodSpecDefaults(podSpec) } };
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
  const containers = valueAt(spec, ['template', 'spec', 'containers']);
  if (!Array.isArray(containers) || containers.length === 0) {
    const field = 'spec.template.spec.containers';
    causes.push({ field, reason: 'FieldValueRequired', message: 'Required value' });
  }
  return causes;
}

const rollingUpdate = (spec: JsonObject, field: string, parameters: JsonObject): JsonObject => {
  const given = isObject(spec[field]) ? spec[field] : {};
  const strategy: JsonObject = { ...given, type: given['type'] ?? 'RollingUpdate' };
  if (strategy['type'] !== 'RollingUpdate') return strategy;
  const own = isObject(given['rollingUpdate']) ? given['rollingUpdate'] : {};
  return { ...strategy, rollingUpdate: { ...parameters, ...own } };
};

export const DEPLOYMENTS = workload(
  'deployments',
  'Deployment',
  (spec) => ({
    replicas: spec['replicas'] ?? 1,
    revisionHistoryLimit: spec['revisionHistoryLimit'] ?? 10,
    progressDeadlineSeconds: spec['progressDeadlineSeconds'] ?? 600,
    strategy: rollingUpdate(spec, 'strategy', { maxUnavailable: '25%', maxSurge: '25%' }),
  }),
  { shortNames: ['deploy'], scale: SCALE },
);

export const REPLICA_SETS = workload(
  'replicasets',
  'ReplicaSet',
  (spec) => ({ replicas: spec['replicas'] ?? 1 }),
  {
    shortNames: ['rs'],
    scale: SCALE,
    selectableFields: ['status.replicas'],
  },
);

export const STATEFUL_SETS = workload(
  'statefulsets',
  'StatefulSet',
  (spec) => ({
    replicas: spec['replicas'] ?? 1,
    revisionHistoryLimit: spec['revisionHistoryLimit'] ?? 10,
    podManagementPolicy: spec['podManagementPolicy'] ?? 'OrderedReady',
    updateStrategy: rollingUpdate(spec, 'updateStrategy', { partition: 0 }),
  }),
  { shortNames: ['sts'], scale: SCALE },
);

export const DAEMON_SETS = workload(
  'daemonsets',
  'DaemonSet',
  (spec) => ({
    revisionHistoryLimit: spec['revisionHistoryLimit'] ?? 10,
    updateStrategy: rollingUpdate(spec, 'updateStrategy', { maxUnavailable: 1, maxSurge: 0 }),
  }),
  { shortNames: ['ds'] },
);
