import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const replicas = z.int().min(0).max(10_000);
const noEngine = 'replicas must ask for decode engines: without one nothing can answer';

/** `inference.llm-d.io/v1alpha1` InferencePool: a whole deployment of one model in one object. */
export const pavedRoadInferencePoolSchema = kubernetesObject({
  spec: z.looseObject({
    model: z
      .string()
      .min(1)
      .max(253)
      .describe('Name of the model, as clients ask for it and as engines load it'),
    replicas: z
      .looseObject({
        prefill: replicas
          .optional()
          .describe('Engines that only prefill; 0 or absent: decode engines do both'),
        decode: replicas,
      })
      .refine((value) => value.decode > 0 || !value.prefill, { path: ['decode'], message: noEngine })
      .meta({
        'x-kubernetes-validations': [
          { rule: 'self.decode > 0 || !has(self.prefill) || self.prefill == 0', message: noEngine },
        ],
      }),
    hardware: z
      .looseObject({
        accelerator: z
          .string()
          .min(1)
          .max(63)
          .optional()
          .describe('nvidia-h100, or the GPU product of a node'),
      })
      .optional(),
    kvCache: z
      .looseObject({ tier: z.string().min(1).max(63).optional().describe('gpu, gpu-cpu, gpu-cpu-ssd') })
      .optional(),
  }),
  status: z
    .looseObject({ observedGeneration: z.int().optional(), conditions: z.array(condition).optional() })
    .optional(),
});

export type PavedRoadInferencePool = z.input<typeof pavedRoadInferencePoolSchema>;
export const pavedRoadInferencePoolKind: ResourceKind<PavedRoadInferencePool> = {
  group: 'inference.llm-d.io',
  version: 'v1alpha1',
  plural: 'inferencepools',
  kind: 'InferencePool',
  namespaced: true,
};
