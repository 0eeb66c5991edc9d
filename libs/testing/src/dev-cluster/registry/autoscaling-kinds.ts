import type { Cause } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineBuiltin } from './define-resource.js';
import type { Resource } from './resource.js';

/** What an autoscaler looks at when it is not told: the CPU its pods use. */
const CPU_TARGET = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
};

/** How fast an autoscaler goes up and down when it says only part of it. */
const PERCENT = { type: 'Percent', value: 100, periodSeconds: 15 };
const SCALE_UP = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, PERCENT],
};
const SCALE_DOWN = { selectPolicy: 'Max', policies: [PERCENT] };

function withBehavior(behavior: JsonObject): JsonObject {
  const { scaleUp, scaleDown } = behavior;
  return {
    ...behavior,
    scaleUp: { ...SCALE_UP, ...(isObject(scaleUp) ? scaleUp : {}) },
    scaleDown: { ...SCALE_DOWN, ...(isObject(scaleDown) ? scaleDown : {}) },
  };
}

function validateAutoscaler({ spec = {} }: ApiObject): Cause[] {
  const { minReplicas, maxReplicas } = spec;
  if (typeof minReplicas !== 'number' || typeof maxReplicas !== 'number' || maxReplicas >= minReplicas)
    return [];
  const message = `Invalid value: ${maxReplicas}: must be greater than or equal to \`minReplicas\``;
  return [{ field: 'spec.maxReplicas', reason: 'FieldValueInvalid', message }];
}

function validateBudget({ spec = {} }: ApiObject): Cause[] {
  if (spec['minAvailable'] === undefined || spec['maxUnavailable'] === undefined) return [];
  const message =
    'Invalid value: {"minAvailable":…,"maxUnavailable":…}: minAvailable and maxUnavailable cannot be both set';
  return [{ field: 'spec', reason: 'FieldValueInvalid', message }];
}

/** What changes and protects the number of running pods. */
export const AUTOSCALING_KINDS: readonly Resource[] = [
  defineBuiltin(
    'autoscaling.HorizontalPodAutoscaler',
    {
      group: 'autoscaling',
      plural: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      namespaced: true,
    },
    {
      storageVersion: 'v2',
      shortNames: ['hpa'],
      categories: ['all'],
      hasStatus: true,
      setDefaults: (autoscaler) => {
        const spec = { ...autoscaler.spec };
        if (!Array.isArray(spec['metrics']) || spec['metrics'].length === 0) spec['metrics'] = [CPU_TARGET];
        if (isObject(spec['behavior'])) spec['behavior'] = withBehavior(spec['behavior']);
        autoscaler.spec = spec;
      },
      validate: validateAutoscaler,
      initialStatus: () => ({ desiredReplicas: 0, currentMetrics: null }),
    },
  ),
  defineBuiltin(
    'policy.PodDisruptionBudget',
    { group: 'policy', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', namespaced: true },
    {
      shortNames: ['pdb'],
      hasStatus: true,
      hasGeneration: true,
      validate: validateBudget,
      initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
    },
  ),
];
