import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const namespacedName = z.object({ namespace: z.string(), name: z.string() });

/** Node-label keys inside one value of which the pods must (or should) fit. */
const packing = z
  .object({
    packConstraint: z
      .object({ required: z.string().optional(), preferred: z.string().optional() })
      .optional(),
  })
  .optional();

/** `scheduler.grove.io/v1alpha1` PodGang: pods that are placed all or nothing. */
export const podGangSchema = kubernetesObject({
  spec: z.looseObject({
    podgroups: z.array(
      z.looseObject({
        name: z.string().describe('Name of the PodClique'),
        podReferences: z.array(namespacedName).describe('In the order in which they may be placed'),
        minReplicas: z.int().min(0).describe('Pods of this group that the gang needs'),
        topologyConstraint: packing,
      }),
    ),
    topologyConstraint: packing,
    topologyConstraintGroupConfigs: z
      .array(
        z.looseObject({ name: z.string(), podGroupNames: z.array(z.string()), topologyConstraint: packing }),
      )
      .optional(),
    priorityClassName: z.string().optional(),
    reuseReservationRef: namespacedName.optional(),
  }),
  status: z
    .looseObject({
      phase: z.enum(['Pending', 'Starting', 'Running', 'Failed', 'Succeeded']).optional(),
      conditions: z.array(condition).optional(),
      placementScore: z.number().optional(),
    })
    .optional(),
});

export type PodGang = z.input<typeof podGangSchema>;
export const podGangKind: ResourceKind<PodGang> = {
  group: 'scheduler.grove.io',
  version: 'v1alpha1',
  plural: 'podgangs',
  kind: 'PodGang',
  namespaced: true,
};
