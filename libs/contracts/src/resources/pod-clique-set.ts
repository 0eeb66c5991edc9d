import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import { autoScalingConfig, podCliqueSpec } from './pod-clique.js';
import type { ResourceKind } from './resource-kind.js';
import { topologyConstraint } from './topology-constraint.js';

const tooMany = 'minAvailable must not be greater than replicas';
const cliquesFixed = 'cliques cannot be added, removed or renamed: make a new PodCliqueSet';
const minimumFixed = 'minAvailable of a clique is immutable';
const groupsFixed =
  'podCliqueScalingGroups cannot be added or removed, nor their name, cliqueNames or minAvailable changed';
const orderFixed = 'cliqueStartupType is immutable';

/** A DNS label that leaves room for the names made from it. */
const partName = z
  .string()
  .min(1)
  .max(45)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

const minimumFits = (value: { replicas?: number; minAvailable?: number | undefined }): boolean =>
  !value.replicas || (value.minAvailable ?? 1) <= value.replicas;

const clique = z.looseObject({
  name: partName.describe('Name of the clique in this set'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels of its pods'),
  annotations: z.record(z.string(), z.string()).optional().describe('Annotations of its pods'),
  topologyConstraint: topologyConstraint.optional(),
  resourceSharing: z.array(z.looseObject({})).optional(),
  spec: podCliqueSpec.refine(minimumFits, { path: ['minAvailable'], message: tooMany }).meta({
    'x-kubernetes-validations': [
      {
        rule: '!has(self.minAvailable) || self.replicas == 0 || self.minAvailable <= self.replicas',
        message: tooMany,
      },
    ],
  }),
});

const scalingGroup = z
  .looseObject({
    name: partName.describe('Name of the scaling group in this set'),
    cliqueNames: z.array(partName).min(1).max(64).describe('Cliques that scale together; immutable'),
    annotations: z.record(z.string(), z.string()).optional(),
    replicas: z.int().min(0).default(1).describe('Copies with which the group is created; 0: asleep'),
    minAvailable: z.int().min(1).default(1).describe('Copies that belong to the base gang; immutable'),
    scaleConfig: autoScalingConfig.optional(),
    resourceSharing: z.array(z.looseObject({})).optional(),
    topologyConstraint: topologyConstraint.optional(),
  })
  .refine(minimumFits, { path: ['minAvailable'], message: tooMany })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'self.replicas == 0 || self.minAvailable <= self.replicas', message: tooMany },
    ],
  });

const uniqueNames = (items: ReadonlyArray<{ name: string }>): boolean =>
  new Set(items.map((item) => item.name)).size === items.length;
const listByName = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

/** Rules that compare with the object before: the API server refuses such a change. */
const immutable = [
  {
    rule: 'self.cliques.size() == oldSelf.cliques.size() && oldSelf.cliques.all(o, self.cliques.exists(c, c.name == o.name))',
    message: cliquesFixed,
  },
  {
    rule: 'oldSelf.cliques.all(o, !self.cliques.exists(c, c.name == o.name && has(c.spec.minAvailable) && has(o.spec.minAvailable) && c.spec.minAvailable != o.spec.minAvailable))',
    message: minimumFixed,
  },
  {
    rule: 'has(self.podCliqueScalingGroups) == has(oldSelf.podCliqueScalingGroups) && (!has(self.podCliqueScalingGroups) || (self.podCliqueScalingGroups.size() == oldSelf.podCliqueScalingGroups.size() && oldSelf.podCliqueScalingGroups.all(o, self.podCliqueScalingGroups.exists(g, g.name == o.name && g.cliqueNames == o.cliqueNames && g.minAvailable == o.minAvailable))))',
    message: groupsFixed,
  },
  { rule: 'self.cliqueStartupType == oldSelf.cliqueStartupType', message: orderFixed },
];

const template = z
  .looseObject({
    cliques: z
      .array(clique)
      .min(1)
      .max(64)
      .refine(uniqueNames, 'clique names must be unique')
      .describe('Roles of pods that are born as one gang; fixed once the set exists')
      .meta(listByName),
    cliqueStartupType: z
      .enum(['CliqueStartupTypeAnyOrder', 'CliqueStartupTypeInOrder', 'CliqueStartupTypeExplicit'])
      .default('CliqueStartupTypeAnyOrder')
      .describe('InOrder: as listed. Explicit: by startsAfter of the cliques'),
    priorityClassName: z.string().max(253).optional().describe('Of all pods that name none themselves'),
    headlessServiceConfig: z.looseObject({ publishNotReadyAddresses: z.boolean().default(true) }).optional(),
    topologyConstraint: topologyConstraint.optional(),
    terminationDelay: z
      .string()
      .max(64)
      .optional()
      .describe('How long a gang may stay below its minimum before its pods are replaced together: 4h'),
    resourceClaimTemplates: z.array(z.looseObject({})).optional(),
    resourceSharing: z.array(z.looseObject({})).optional(),
    podCliqueScalingGroups: z
      .array(scalingGroup)
      .max(32)
      .refine(uniqueNames, 'scaling group names must be unique')
      .describe(
        'Groups of cliques that are copied together; each copy beyond minAvailable is a gang of its own',
      )
      .optional()
      .meta(listByName),
  })
  .meta({ 'x-kubernetes-validations': immutable });

/** `grove.io/v1alpha1` PodCliqueSet: cliques of pods that are born, placed and updated together. */
export const podCliqueSetSchema = kubernetesObject({
  spec: z.looseObject({
    replicas: z.int().min(0).default(0).describe('Copies of the whole set of cliques'),
    updateStrategy: z
      .looseObject({
        type: z
          .enum(['RollingRecreate', 'OnDelete'])
          .default('RollingRecreate')
          .describe('RollingRecreate: one replica at a time. OnDelete: when you delete the pods'),
      })
      .optional(),
    template,
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      conditions: z.array(condition).optional(),
      replicas: z.int().optional(),
      updatedReplicas: z.int().optional(),
      availableReplicas: z.int().optional(),
      hpaPodSelector: z.string().optional(),
      podGangStatuses: z
        .array(
          z.looseObject({ name: z.string(), phase: z.string(), conditions: z.array(condition).optional() }),
        )
        .optional(),
      currentGenerationHash: z.string().optional(),
      updateProgress: z
        .looseObject({
          updatedPodCliquesCount: z.int().optional(),
          totalPodCliquesCount: z.int().optional(),
          updatedPodCliqueScalingGroupsCount: z.int().optional(),
          totalPodCliqueScalingGroupsCount: z.int().optional(),
        })
        .optional(),
    })
    .optional(),
});

export type PodCliqueSet = z.input<typeof podCliqueSetSchema>;
export const podCliqueSetKind: ResourceKind<PodCliqueSet> = {
  group: 'grove.io',
  version: 'v1alpha1',
  plural: 'podcliquesets',
  kind: 'PodCliqueSet',
  namespaced: true,
};
