import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** `apps/v1` Deployment, as far as scaling it needs. */
export const deploymentSchema = kubernetesObject({
  spec: z.looseObject({
    replicas: z.int().optional(),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).optional() }),
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }).optional(),
    }),
  }),
  status: z.looseObject({ replicas: z.int().optional(), readyReplicas: z.int().optional() }).optional(),
});

export type Deployment = z.infer<typeof deploymentSchema>;
export const deploymentKind: ResourceKind<Deployment> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
