import { z } from 'zod';
import { kubernetesObject } from './object.js';
import { allOrNoneWeighted, poolRef } from './pool-ref.js';
import type { ResourceKind } from './resource-kind.js';

const message = 'weights must be set on every target or on none';

/** `inference.networking.x-k8s.io/v1alpha2` InferenceModel: a served model name and its weighted targets. */
export const inferenceModelSchema = kubernetesObject({
  spec: z.looseObject({
    modelName: z.string().min(1).max(256).describe('Name that clients send as `model`'),
    criticality: z.enum(['Critical', 'Standard', 'Sheddable']).optional(),
    poolRef,
    targetModels: z
      .array(
        z.object({
          name: z.string().min(1).max(253).describe('Name sent to the engine: the base model or an adapter'),
          weight: z.int().min(0).max(1_000_000).optional(),
        }),
      )
      .max(10)
      .refine(allOrNoneWeighted, message)
      .optional()
      .meta({
        'x-kubernetes-validations': [
          { rule: 'self.all(t, has(t.weight)) || self.all(t, !has(t.weight))', message },
        ],
      }),
  }),
  status: z.looseObject({}).optional(),
});

export type InferenceModel = z.input<typeof inferenceModelSchema>;
export const inferenceModelKind: ResourceKind<InferenceModel> = {
  group: 'inference.networking.x-k8s.io',
  version: 'v1alpha2',
  plural: 'inferencemodels',
  kind: 'InferenceModel',
  namespaced: true,
};
