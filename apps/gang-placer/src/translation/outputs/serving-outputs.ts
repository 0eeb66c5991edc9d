import {
  apiVersionOf,
  type InferenceModel,
  type InferencePool,
  inferenceModelKind,
  inferencePoolKind,
} from '@penstock/contracts';
import type { OutputObject } from '../translation.js';
import { POOL_LABEL } from './output-labels.js';

/** Selects the pods that carry the pool's label. */
export function poolOutput(namespace: string, name: string, port: number): OutputObject {
  const object: InferencePool = {
    apiVersion: apiVersionOf(inferencePoolKind),
    kind: inferencePoolKind.kind,
    metadata: { namespace, name },
    spec: { selector: { matchLabels: { [POOL_LABEL]: name } }, targetPorts: [{ number: port }] },
  };
  return { kind: inferencePoolKind as OutputObject['kind'], object };
}

/** Makes the model known to the front door before an engine has started. */
export function modelOutput(namespace: string, name: string, modelName: string, pool: string): OutputObject {
  const object: InferenceModel = {
    apiVersion: apiVersionOf(inferenceModelKind),
    kind: inferenceModelKind.kind,
    metadata: { namespace, name },
    spec: {
      modelName,
      poolRef: { group: inferencePoolKind.group, kind: inferencePoolKind.kind, name: pool },
      targetModels: [{ name: modelName, weight: 100 }],
    },
  };
  return { kind: inferenceModelKind as OutputObject['kind'], object };
}
