// Kinds of values of the Helm chart, and what every service has: the words that generate-chart-values.mjs is written in.
import { z } from 'zod';

/** Settings of services that the chart makes of other values, or that mean nothing in a pod. */
const OWNED = new Set([
  ...['host', 'instance', 'metricsPort', 'grpcPort', 'httpPort', 'kubeconfig', 'namespace'],
  ...['leaseNamespace', 'leaseName', 'natsUrl', 'redisUrl', 'redisCluster', 'routingPolicy', 'tokenizerDir'],
  ...['storageEvents', 'kvNodes', 'kvNodeSelector', 'kvNodePort', 'node'],
  ...['cpuDir', 'cpuCapacity', 'ssdDir', 'ssdCapacity', 'dataDir', 'tierCpuHostPath', 'tierSsdHostPath'],
  ...['s3Endpoint', 's3Bucket', 's3Prefix', 's3Region', 's3CapacityBytes'],
  ...['s3AccessKeyIdFile', 's3SecretAccessKeyFile'],
]);

export const text = (description, value) =>
  value === undefined
    ? z.string().optional().describe(description)
    : z.string().default(value).describe(description);
export const flag = (value, description) => z.boolean().default(value).describe(description);
export const texts = (description) => z.record(z.string(), z.string()).default({}).describe(description);
export const foreign = (description) => z.looseObject({}).default({}).describe(description);
const quantity = z.union([z.string(), z.number()]);
/** An empty list would mean every port. */
export const ports = z.array(z.int().min(1).max(65_535)).min(1);
export const capacity = (value, description) => quantity.default(value).describe(description);
export const object = (shape, description) => z.strictObject(shape).prefault({}).describe(description);
export const secretKey = (key, description) => z.string().min(1).default(key).describe(description);
export const replicas = (value, description) => z.int().min(0).max(1000).default(value).describe(description);

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});
const resources = (requests, limits) =>
  z
    .strictObject({
      requests: z.record(z.string(), quantity).optional().describe('Requests of the container'),
      limits: z.record(z.string(), quantity).optional().describe('Limits of the container'),
    })
    .default({ requests, limits })
    .describe('Requests and limits of the container');

/** What every pod of a service has. */
export const pod = (requests, limits) => ({
  resources: resources(requests, limits),
  podAnnotations: texts('Annotations of the pods'),
  podLabels: texts('Further labels of the pods'),
  nodeSelector: texts('Labels that nodes of the pods must have'),
  tolerations: z.array(toleration).default([]).describe('Taints that the pods tolerate'),
  affinity: foreign('Affinity of the pods, passed on as it is'),
  priorityClassName: text('Priority class of the pods', ''),
  imagePullSecrets: z
    .array(z.string())
    .default([])
    .describe('Names of further pull secrets, beside global.imagePullSecrets'),
  extraEnv: z
    .array(z.looseObject({ name: z.string() }))
    .default([])
    .describe('Further environment variables, passed on as they are'),
});
export const config = (definition) =>
  z
    .strictObject(
      Object.fromEntries(
        Object.entries(definition.schema.shape)
          .filter(([key]) => !OWNED.has(key))
          .map(([key, type]) => [key, type.optional()]),
      ),
    )
    .default({})
    .describe('Settings of the service; those it knows are listed below');
export const account = z
  .strictObject({ annotations: texts('Annotations of the service account') })
  .prefault({})
  .describe('Service account');
