import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** `grove.io/v1alpha1` PodCliqueScalingGroup: cliques that scale together, in one replica of a PodCliqueSet. */
export const podCliqueScalingGroupSchema = kubernetesObject({
  spec: z.looseObject({
    replicas: z.int().min(0).default(1).describe('Copies of all cliques of the group; 0: asleep'),
    minAvailable: z.int().min(1).default(1).describe('Replicas that belong to the base gang'),
    cliqueNames: z.array(z.string().min(1).max(63)).min(1).max(64),
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      replicas: z.int().optional(),
      scheduledReplicas: z.int().optional(),
      availableReplicas: z.int().optional(),
      updatedReplicas: z.int().optional(),
      selector: z.string().optional(),
      conditions: z.array(condition).optional(),
    })
    .optional(),
});

export type PodCliqueScalingGroup = z.input<typeof podCliqueScalingGroupSchema>;
export const podCliqueScalingGroupKind: ResourceKind<PodCliqueScalingGroup> = {
  group: 'grove.io',
  version: 'v1alpha1',
  plural: 'podcliquescalinggroups',
  kind: 'PodCliqueScalingGroup',
  namespaced: true,
};
