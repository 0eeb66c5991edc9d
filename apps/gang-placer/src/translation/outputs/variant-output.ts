import {
  apiVersionOf,
  POOL_ANNOTATION,
  podCliqueKind,
  type VariantAutoscaling,
  variantAutoscalingKind,
} from '@penstock/contracts';
import { names } from '../../workload/names.js';
import type { OutputObject } from '../translation.js';

/** Lets the autoscaler choose how many engines a clique of the first (and only) replica of a set has. */
export function variantOutput(options: {
  readonly namespace: string;
  readonly set: string;
  readonly clique: string;
  readonly model: string;
  readonly bounds: { readonly min: number; readonly max: number };
}): OutputObject {
  const { namespace, set, clique, model, bounds } = options;
  const object: VariantAutoscaling = {
    apiVersion: apiVersionOf(variantAutoscalingKind),
    kind: variantAutoscalingKind.kind,
    metadata: { namespace, name: `${set}-${clique}`, annotations: { [POOL_ANNOTATION]: set } },
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
  return { kind: variantAutoscalingKind as OutputObject['kind'], object };
}
