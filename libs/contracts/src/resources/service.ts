import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** Core Service, as far as services of Penstock read it. */
export const serviceSchema = kubernetesObject({
  spec: z
    .looseObject({
      clusterIP: z.string().optional(),
      selector: z.record(z.string(), z.string()).optional(),
      publishNotReadyAddresses: z.boolean().optional(),
    })
    .optional(),
});

export type Service = z.infer<typeof serviceSchema>;
export const serviceKind: ResourceKind<Service> = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
};
