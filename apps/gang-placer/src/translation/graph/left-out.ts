import type { DynamoGraphDeployment } from '@penstock/contracts';
import type { FieldNote } from '../translation.js';
import type { GraphService } from './graph-service.js';

const DISCOVERY = "belongs to Dynamo's own discovery, which does not run";
const RUNTIME =
  "a frontend that is kept needs etcd and NATS of Dynamo's platform, which are not part of the translation: name them in spec.envs (ETCD_ENDPOINTS, NATS_SERVER)";
const LATER = 'is not supported';

/** Fields of a graph that are acted upon; all others are named. */
const GRAPH_FIELDS = new Set([
  'services',
  'envs',
  'labels',
  'annotations',
  'priorityClassName',
  'backendFramework',
]);
const SERVICE_FIELDS = new Set([
  ...[
    'componentType',
    'subComponentType',
    'replicas',
    'labels',
    'annotations',
    'envs',
    'envFromSecret',
    'resources',
  ],
  ...['extraPodMetadata', 'extraPodSpec', 'livenessProbe', 'readinessProbe', 'sharedMemory', 'volumeMounts'],
  'multinode',
]);
const WHY: Readonly<Record<string, string>> = {
  dynamoNamespace: DISCOVERY,
  globalDynamoNamespace: DISCOVERY,
  serviceName: DISCOVERY,
  dynamoGraph: 'names a packaged graph; the services are taken from this object alone',
  autoscaling: "is ignored as by Dynamo's operator: use scalingAdapter",
  scalingAdapter: 'create a VariantAutoscaling that names the PodClique of the service',
  modelRef: 'only names the model where the arguments do not',
  ingress: 'the front door takes requests; give it an Ingress or a Gateway',
  restart: 'change the pod templates instead',
};

/** Everything in the graph's own fields that has no effect. */
export function leftOutOfGraph({ spec }: DynamoGraphDeployment): FieldNote[] {
  const notes = Object.keys(spec)
    .filter((key) => !GRAPH_FIELDS.has(key) && key !== 'pvcs')
    .map((key) => ({ field: `spec.${key}`, why: WHY[key] ?? LATER }));
  const claims = (spec['pvcs'] ?? []) as Array<{ name?: string; create?: boolean }>;
  claims.forEach((claim, i) => {
    if (claim.create === true) {
      notes.push({
        field: `spec.pvcs[${i}].create`,
        why: `create the PersistentVolumeClaim ${claim.name} yourself`,
      });
    }
  });
  return notes;
}

/** Everything in a service that has no effect although the service is translated. */
export function leftOutOfService({ field, spec, use, env }: GraphService, hasFrontend: boolean): FieldNote[] {
  const notes = Object.keys(spec)
    .filter((key) => !SERVICE_FIELDS.has(key) && !(hasFrontend && key === 'dynamoNamespace'))
    .map((key) => ({ field: `${field}.${key}`, why: WHY[key] ?? LATER }));
  if (
    use === 'frontend' &&
    !env.some(({ name }) => name === 'ETCD_ENDPOINTS' || name === 'DYN_DISCOVERY_BACKEND')
  ) {
    notes.push({ field, why: RUNTIME });
  }
  const mounts = (spec['volumeMounts'] ?? []) as Array<Record<string, unknown>>;
  mounts.forEach((mount, i) => {
    if (mount['useAsCompilationCache'] !== undefined) {
      notes.push({ field: `${field}.volumeMounts[${i}].useAsCompilationCache`, why: LATER });
    }
  });
  return notes;
}

/** A service that is not run at all, because Penstock does its work. */
export function replacedService({ field, use }: GraphService, keepFrontendAnnotation: string): FieldNote {
  const why = {
    frontend: `the front door of Penstock's scheduler takes its place; the annotation ${keepFrontendAnnotation}: "true" keeps it`,
    planner: "Penstock's autoscaler takes its place",
    router: "Penstock's scheduler takes its place",
    engine: '',
  }[use];
  return { field, why };
}
