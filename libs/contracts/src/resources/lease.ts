import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** `coordination.k8s.io/v1` Lease. Times are RFC 3339 with microseconds. */
export const leaseSchema = kubernetesObject({
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.int().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.int().nullish(),
    })
    .optional(),
});

export type Lease = z.infer<typeof leaseSchema>;
export const leaseKind: ResourceKind<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
