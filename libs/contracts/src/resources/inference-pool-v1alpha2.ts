import { z } from 'zod';
import { matchLabels } from './labels.js';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/**
 * Upstream takes a flat map of labels; people also write `matchLabels` as in v1. Both are accepted:
 * a `matchLabels` that is an object is the nested form.
 */
const selector = z.looseObject({ matchLabels: matchLabels.optional() }).superRefine((value, context) => {
  if (value.matchLabels !== undefined) return;
  const flat = matchLabels.safeParse(value);
  for (const issue of flat.error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
  }
});

/** `inference.networking.x-k8s.io/v1alpha2` InferencePool, read tolerantly: no `extensionRef` needed. */
export const inferencePoolV1Alpha2Schema = kubernetesObject({
  spec: z.looseObject({
    selector: selector.describe('Labels of the engine pods, flat or under matchLabels'),
    targetPortNumber: z.int().min(1).max(65_535),
  }),
  status: z.looseObject({}).optional(),
});

export type InferencePoolV1Alpha2 = z.input<typeof inferencePoolV1Alpha2Schema>;
export const inferencePoolV1Alpha2Kind: ResourceKind<InferencePoolV1Alpha2> = {
  group: 'inference.networking.x-k8s.io',
  version: 'v1alpha2',
  plural: 'inferencepools',
  kind: 'InferencePool',
  namespaced: true,
};
