import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const probe = z.looseObject({
  httpGet: z
    .looseObject({
      path: z.string().optional(),
      port: z.union([z.int(), z.string()]),
      host: z.string().optional(),
    })
    .optional(),
  periodSeconds: z.int().optional(),
  timeoutSeconds: z.int().optional(),
  initialDelaySeconds: z.int().optional(),
  failureThreshold: z.int().optional(),
  successThreshold: z.int().optional(),
});

const container = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
  ports: z
    .array(
      z.looseObject({ name: z.string().optional(), containerPort: z.int(), protocol: z.string().optional() }),
    )
    .optional(),
  resources: z
    .looseObject({
      requests: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      limits: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    })
    .optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
});

const containerStatus = z.looseObject({
  name: z.string(),
  ready: z.boolean().optional(),
  restartCount: z.int().optional(),
  containerID: z.string().optional(),
  state: z
    .looseObject({
      running: z.looseObject({ startedAt: z.string().optional() }).optional(),
      waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      terminated: z.looseObject({ exitCode: z.int(), reason: z.string().optional() }).optional(),
    })
    .optional(),
});

/** Core Pod, as far as services read it. */
export const podSchema = kubernetesObject({
  spec: z
    .looseObject({
      containers: z.array(container),
      nodeName: z.string().optional(),
      schedulerName: z.string().optional(),
      schedulingGates: z.array(z.looseObject({ name: z.string() })).optional(),
      restartPolicy: z.string().optional(),
      terminationGracePeriodSeconds: z.int().optional(),
    })
    .optional(),
  status: z
    .looseObject({
      phase: z.string().optional(),
      podIP: z.string().optional(),
      startTime: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional() }))
        .optional(),
      containerStatuses: z.array(containerStatus).optional(),
    })
    .optional(),
});

export type Pod = z.infer<typeof podSchema>;
export const podKind: ResourceKind<Pod> = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
};
