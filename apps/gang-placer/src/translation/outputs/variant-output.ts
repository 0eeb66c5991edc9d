import { apiVersionOf, podCliqueKind } from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import { names } from '../../workload/names.js';
import type { OutputObject } from '../translation.js';

const variantAutoscalingKind: ResourceKind = {
  group: 'llmd.ai',
  version: 'v1alpha1',
  plural: 'variantautoscalings',
  kind: 'VariantAutoscaling',
  namespaced: true,
};

/** Lets the autoscaler choose how many engines a clique of the first (and only) replica of a set has. */
export function variantOutput(options: {
  readonly namespace: string;
  readonly set: string;
  readonly clique: string;
  readonly model: string;
  readonly bounds: { readonly min: number; readonly max: number };
}): OutputObject {
  const { namespace, set, clique, model, bounds } = options;
  const object = {
    apiVersion: apiVersionOf(variantAutoscalingKind),
    kind: variantAutoscalingKind.kind,
    metadata: { namespace, name: `${set}-${clique}` },
    spec: {
      scaleTargetRef: {
        apiVersion: apiVersionOf(podCliqueKind),
        kind: podCliqueKind.kind,
        name: names.clique(set, 0, clique),
      },
      modelID: model,
      minReplicas: bounds.min,
      maxReplicas: bounds.max,
    },
  };
  return { kind: variantAutoscalingKind, object };
}
