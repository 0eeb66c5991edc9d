import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';
import { topologyDomain } from './topology-constraint.js';

const level = z.object({
  domain: topologyDomain,
  key: z
    .string()
    .min(1)
    .max(63)
    .regex(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/)
    .describe('Node label whose value names the domain of a node'),
});

const unique = 'every domain and every key may appear once';
const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;

/** `grove.io/v1alpha1` ClusterTopologyBinding: topology domains from the broadest to the narrowest. */
export const clusterTopologyBindingSchema = kubernetesObject({
  spec: z.looseObject({
    levels: z
      .array(level)
      .min(1)
      .max(16)
      .refine((levels) => distinct(levels.map((l) => l.domain)) && distinct(levels.map((l) => l.key)), unique)
      .meta({
        'x-kubernetes-validations': [
          {
            rule: 'self.all(l, self.exists_one(m, m.domain == l.domain) && self.exists_one(m, m.key == l.key))',
            message: unique,
          },
        ],
      }),
    schedulerTopologyBindings: z
      .array(z.looseObject({ schedulerName: z.string().max(253), topologyReference: z.string().max(253) }))
      .optional()
      .describe('Topologies of other schedulers; kept, not acted upon'),
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      conditions: z.array(condition).optional(),
    })
    .optional(),
});

export type ClusterTopologyBinding = z.input<typeof clusterTopologyBindingSchema>;
export const clusterTopologyBindingKind: ResourceKind<ClusterTopologyBinding> = {
  group: 'grove.io',
  version: 'v1alpha1',
  plural: 'clustertopologybindings',
  kind: 'ClusterTopologyBinding',
  namespaced: false,
};
