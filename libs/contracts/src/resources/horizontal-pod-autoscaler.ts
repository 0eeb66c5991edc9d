import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** `autoscaling/v2` HorizontalPodAutoscaler, as far as one must know which object it scales. KEDA makes them too. */
export const horizontalPodAutoscalerSchema = kubernetesObject({
  spec: z.looseObject({
    scaleTargetRef: z.looseObject({
      apiVersion: z.string().optional(),
      kind: z.string(),
      name: z.string(),
    }),
    minReplicas: z.int().optional(),
    maxReplicas: z.int(),
  }),
});

export type HorizontalPodAutoscaler = z.infer<typeof horizontalPodAutoscalerSchema>;
export const horizontalPodAutoscalerKind: ResourceKind<HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
};
