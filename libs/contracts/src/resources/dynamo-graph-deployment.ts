import { z } from 'zod';
import { condition, kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const strings = z.record(z.string(), z.string());
const variables = z.array(z.looseObject({ name: z.string().min(1), value: z.string().optional() }));

/**
 * One component of the graph, as far as it is acted upon; every other field is kept and named in the status.
 * Quantities stay untyped: people write `gpu: "1"` and `gpu: 1`.
 */
const service = z.looseObject({
  componentType: z.string().max(63).optional().describe('frontend, worker, prefill, decode, planner, epp'),
  subComponentType: z.string().max(63).optional().describe('prefill or decode, of a worker'),
  replicas: z.int().min(0).optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
  envs: variables.optional(),
  envFromSecret: z.string().max(253).optional(),
  resources: z
    .looseObject({ requests: z.looseObject({}).optional(), limits: z.looseObject({}).optional() })
    .optional(),
  extraPodMetadata: z.looseObject({ labels: strings.optional(), annotations: strings.optional() }).optional(),
  extraPodSpec: z
    .looseObject({
      mainContainer: z
        .looseObject({
          image: z.string().optional(),
          command: z.array(z.string()).optional(),
          args: z.array(z.string()).optional(),
          env: variables.optional(),
        })
        .optional(),
    })
    .optional()
    .describe('A pod spec, and mainContainer: the container of the component'),
});

/** `nvidia.com/v1alpha1` DynamoGraphDeployment: the components of one Dynamo deployment, by name. */
export const dynamoGraphDeploymentSchema = kubernetesObject({
  spec: z.looseObject({
    backendFramework: z.enum(['sglang', 'vllm', 'trtllm']).optional(),
    envs: variables.optional(),
    labels: strings.optional(),
    annotations: strings.optional(),
    priorityClassName: z.string().max(253).optional(),
    services: z.record(z.string(), service).optional(),
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      state: z.string().optional(),
      conditions: z.array(condition).optional(),
    })
    .optional(),
});

export type DynamoGraphDeployment = z.input<typeof dynamoGraphDeploymentSchema>;
export type DynamoService = z.input<typeof service>;
export const dynamoGraphDeploymentKind: ResourceKind<DynamoGraphDeployment> = {
  group: 'nvidia.com',
  version: 'v1alpha1',
  plural: 'dynamographdeployments',
  kind: 'DynamoGraphDeployment',
  namespaced: true,
};
