import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const noNodeName = 'nodeName must not be set: the gang placer chooses the nodes';
const noSpread = 'topologySpreadConstraints must not be set: use topologyConstraint';

const container = z.looseObject({
  name: z.string().min(1).max(63),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
});

/** `corev1.PodSpec` of a clique; what is not named here is passed on as it is. */
const podSpec = z
  .looseObject({
    containers: z.array(container).min(1).max(64),
    initContainers: z.array(container).max(64).optional(),
    volumes: z.array(z.looseObject({ name: z.string() })).optional(),
    schedulerName: z.string().max(253).optional(),
    priorityClassName: z.string().max(253).optional(),
    nodeName: z.string().max(253).optional(),
    topologySpreadConstraints: z.array(z.looseObject({})).optional(),
  })
  .refine((spec) => !spec.nodeName, { path: ['nodeName'], message: noNodeName })
  .refine((spec) => !spec.topologySpreadConstraints?.length, {
    path: ['topologySpreadConstraints'],
    message: noSpread,
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: "!has(self.nodeName) || self.nodeName == ''", message: noNodeName },
      {
        rule: '!has(self.topologySpreadConstraints) || self.topologySpreadConstraints.size() == 0',
        message: noSpread,
      },
    ],
  });

/** Limits and metrics of a HorizontalPodAutoscaler; kept, not acted upon. */
export const autoScalingConfig = z.looseObject({
  minReplicas: z.int().min(0).optional(),
  maxReplicas: z.int().min(1),
  metrics: z.array(z.looseObject({})).optional(),
});

/** Spec of a clique: `replicas` equal pods of one role. Also the template's, where names are the template's. */
export const podCliqueSpec = z.looseObject({
  roleName: z.string().max(63).optional().describe('Unique in its set; the name of the clique when absent'),
  podSpec: podSpec.describe('PodSpec of every pod'),
  replicas: z.int().min(0).default(1).describe('0: asleep, no pod exists'),
  minAvailable: z
    .int()
    .min(1)
    .optional()
    .describe('Pods that are placed all or nothing; as many as replicas when absent'),
  startsAfter: z
    .array(z.string().min(1).max(253))
    .max(1024)
    .optional()
    .describe('Cliques that must be ready before the pods of this one start'),
  autoScalingConfig: autoScalingConfig.optional(),
});

/** `grove.io/v1alpha1` PodClique: the pods of one role in one replica of a PodCliqueSet. */
export const podCliqueSchema = kubernetesObject({
  spec: podCliqueSpec,
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      replicas: z.int().optional(),
      readyReplicas: z.int().optional(),
      updatedReplicas: z.int().optional(),
      scheduleGatedReplicas: z.int().optional(),
      scheduledReplicas: z.int().optional(),
      hpaPodSelector: z.string().optional(),
      conditions: z.array(condition).optional(),
      currentPodTemplateHash: z.string().optional(),
    })
    .optional(),
});

export type PodCliqueSpec = z.input<typeof podCliqueSpec>;
export type PodClique = z.input<typeof podCliqueSchema>;
export const podCliqueKind: ResourceKind<PodClique> = {
  group: 'grove.io',
  version: 'v1alpha1',
  plural: 'podcliques',
  kind: 'PodClique',
  namespaced: true,
};
