import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** Largest gang that one decision can hold: keeps the object below a megabyte. */
export const MAX_GANG_PODS = 4_096;

const assignment = z.object({
  pod: z.string().min(1).max(253),
  uid: z.string().min(1).max(128).describe('A pod made again under the same name has another'),
  node: z.string().min(1).max(253),
  group: z.string().max(253).describe('PodGroup of the PodGang'),
});

/** Life of a decision: `Superseded` by a later attempt, or `Abandoned` without one. */
export const gangPlacementPhase = z.enum(['Decided', 'Binding', 'Bound', 'Superseded', 'Abandoned']);

/**
 * `penstock.dev/v1alpha1` GangPlacement: where the pods of one PodGang go. It has the gang's name and is written before
 * the first pod is bound, so that whoever leads next finishes the same decision.
 */
export const gangPlacementSchema = kubernetesObject({
  spec: z.object({
    gang: z.object({ name: z.string().min(1).max(253), uid: z.string().min(1).max(128) }),
    attempt: z.int().min(1).describe('Grows with every decision on the gang'),
    seed: z.int().min(0).max(0xffff_ffff).describe('Breaks ties: same seed and cluster, same decision'),
    snapshot: z
      .object({
        nodes: z.int().min(0),
        pods: z.int().min(0).describe('Pods that counted as load'),
        reservedPods: z.int().min(0).describe('Pods decided but not yet bound'),
        ageMs: z.int().min(0).describe('Age of the oldest cache'),
      })
      .describe('What the decision was made from'),
    topology: z
      .object({ key: z.string().min(1).max(317), domain: z.string().max(63) })
      .optional()
      .describe('Node label that all nodes of the gang share; absent without a constraint'),
    score: z.number().min(0).max(1).describe('1 = as few nodes as possible'),
    assignments: z.array(assignment).min(1).max(MAX_GANG_PODS),
    decidedAt: z.string().meta({ format: 'date-time' }),
    decidedBy: z.object({ replica: z.string().max(253), leaseTransitions: z.int().min(0) }),
  }),
  status: z
    .object({
      phase: gangPlacementPhase.optional(),
      boundPods: z.int().min(0).optional(),
      observedAttempt: z.int().min(0).optional().describe('Attempt that the status speaks of'),
      conditions: z.array(condition).max(8).optional(),
    })
    .optional(),
}).describe('Where the pods of one PodGang go: written before the first of them is bound');

export type GangPlacement = z.input<typeof gangPlacementSchema>;
export type GangPlacementPhase = z.infer<typeof gangPlacementPhase>;
export type GangAssignment = z.infer<typeof assignment>;
export const gangPlacementKind: ResourceKind<GangPlacement> = {
  group: 'penstock.dev',
  version: 'v1alpha1',
  plural: 'gangplacements',
  kind: 'GangPlacement',
  namespaced: true,
};
