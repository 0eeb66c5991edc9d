import { z } from 'zod';
import { matchLabels } from './labels.js';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const port = z.int().min(1).max(65_535);

const targetPorts = z
  .array(z.object({ number: port.describe('Port on which every engine pod serves') }))
  .min(1)
  .max(8)
  .refine((ports) => new Set(ports.map((p) => p.number)).size === ports.length, 'port numbers must be unique')
  .describe('Each port of each pod is one endpoint (one data-parallel rank)')
  .meta({
    'x-kubernetes-list-type': 'atomic',
    'x-kubernetes-validations': [
      {
        rule: 'self.all(p, self.exists_one(q, q.number == p.number))',
        message: 'port numbers must be unique',
      },
    ],
  });

const endpointPickerRef = z
  .object({
    group: z.string().max(253).default(''),
    kind: z.string().min(1).max(63).default('Service'),
    name: z.string().min(1).max(253),
    port: z.object({ number: port }).optional(),
    failureMode: z
      .enum(['FailOpen', 'FailClose'])
      .default('FailClose')
      .describe('What a gateway does when the picker does not answer'),
  })
  .refine((ref) => ref.kind !== 'Service' || ref.port !== undefined, {
    path: ['port'],
    message: 'port is required when kind is Service',
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: "self.kind != 'Service' || has(self.port)", message: 'port is required when kind is Service' },
    ],
  });

const parentStatus = z.object({
  parentRef: z.object({
    group: z.string().max(253).optional(),
    kind: z.string().min(1).max(63).optional(),
    name: z.string().min(1).max(253),
    namespace: z.string().min(1).max(63).optional(),
    port: port.optional(),
    sectionName: z.string().max(253).optional(),
  }),
  controllerName: z.string().min(1).max(253).optional(),
  conditions: z.array(condition).max(8).optional(),
});

/** `inference.networking.k8s.io/v1` InferencePool: the engines of one model, chosen by labels. */
export const inferencePoolSchema = kubernetesObject({
  spec: z.object({
    selector: z.object({ matchLabels }).describe('Labels that the engine pods of the pool carry'),
    targetPorts,
    appProtocol: z.enum(['http', 'kubernetes.io/h2c']).default('http'),
    endpointPickerRef: endpointPickerRef.optional(),
  }),
  status: z.object({ parents: z.array(parentStatus).max(32).optional() }).optional(),
});

export type InferencePool = z.input<typeof inferencePoolSchema>;
export const inferencePoolKind: ResourceKind<InferencePool> = {
  group: 'inference.networking.k8s.io',
  version: 'v1',
  plural: 'inferencepools',
  kind: 'InferencePool',
  namespaced: true,
};
