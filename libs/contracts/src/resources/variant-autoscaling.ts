import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const minAboveMax = 'minReplicas must not be greater than maxReplicas';

const spec = z
  .object({
    scaleTargetRef: z
      .object({
        apiVersion: z.string().max(253).optional(),
        kind: z.string().min(1).max(63),
        name: z.string().min(1).max(253),
      })
      .describe('Object in the same namespace whose replicas are decided'),
    modelID: z.string().min(1).max(512).describe('Model that the engines of the target serve'),
    variantCost: z
      .string()
      .max(32)
      .regex(/^\d+(\.\d+)?$/, 'must be a decimal number such as "10.0"')
      .default('10.0')
      .describe('Price of one replica, in the same unit for all variants of a pool'),
    minReplicas: z.int().min(0).max(1_000_000).default(1).describe('0 lets it sleep when nothing is asked'),
    maxReplicas: z.int().min(1).max(1_000_000).default(10),
  })
  .refine((value) => value.minReplicas <= value.maxReplicas, {
    path: ['minReplicas'],
    message: minAboveMax,
  })
  .meta({
    'x-kubernetes-validations': [{ rule: 'self.minReplicas <= self.maxReplicas', message: minAboveMax }],
  });

const status = z.object({
  desiredOptimizedAlloc: z
    .object({
      lastRunTime: z.string().meta({ format: 'date-time' }).optional(),
      accelerator: z.string().min(2).max(253),
      numReplicas: z.int().min(0),
    })
    .optional(),
  actuation: z.object({ applied: z.boolean() }).optional(),
  conditions: z.array(condition).max(16).optional(),
});

/** `llmd.ai/v1alpha1` VariantAutoscaling: one way to serve a model, with its price and its limits. */
export const variantAutoscalingSchema = kubernetesObject({ spec, status: status.optional() });

export type VariantAutoscaling = z.input<typeof variantAutoscalingSchema>;
export const variantAutoscalingKind: ResourceKind<VariantAutoscaling> = {
  group: 'llmd.ai',
  version: 'v1alpha1',
  plural: 'variantautoscalings',
  kind: 'VariantAutoscaling',
  namespaced: true,
};
