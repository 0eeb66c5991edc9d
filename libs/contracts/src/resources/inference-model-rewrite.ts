import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import { allOrNoneWeighted, poolRef } from './pool-ref.js';
import type { ResourceKind } from './resource-kind.js';

const message = 'weights must be set on every target or on none';

const rule = z.object({
  matches: z
    .array(
      z.object({
        model: z
          .object({ type: z.enum(['Exact']).default('Exact'), value: z.string().min(1).max(256) })
          .optional(),
      }),
    )
    .max(256)
    .optional()
    .describe('Any of these must match; without matches the rule takes every model'),
  targets: z
    .array(
      z.object({
        weight: z.int().min(1).max(1_000_000).optional(),
        modelRewrite: z.string().min(1).max(256).describe('Name sent to the engine'),
      }),
    )
    .min(1)
    .max(64)
    .refine(allOrNoneWeighted, message)
    .meta({
      'x-kubernetes-validations': [
        { rule: 'self.all(t, has(t.weight)) || self.all(t, !has(t.weight))', message },
      ],
    }),
});

/** `llm-d.ai/v1alpha2` InferenceModelRewrite: rules that replace the model name of a request. */
export const inferenceModelRewriteSchema = kubernetesObject({
  spec: z.object({ poolRef, rules: z.array(rule).max(256) }),
  status: z.object({ conditions: z.array(condition).optional() }).optional(),
});

export type InferenceModelRewrite = z.input<typeof inferenceModelRewriteSchema>;
export const inferenceModelRewriteKind: ResourceKind<InferenceModelRewrite> = {
  group: 'llm-d.ai',
  version: 'v1alpha2',
  plural: 'inferencemodelrewrites',
  kind: 'InferenceModelRewrite',
  namespaced: true,
};
