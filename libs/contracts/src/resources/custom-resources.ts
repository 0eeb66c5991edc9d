import { z } from 'zod';
import { clusterTopologyBindingKind, clusterTopologyBindingSchema } from './cluster-topology-binding.js';
import { dynamoGraphDeploymentKind, dynamoGraphDeploymentSchema } from './dynamo-graph-deployment.js';
import { gangPlacementKind, gangPlacementSchema } from './gang-placement.js';
import { inferenceModelKind, inferenceModelSchema } from './inference-model.js';
import { inferenceModelRewriteKind, inferenceModelRewriteSchema } from './inference-model-rewrite.js';
import { inferencePoolKind, inferencePoolSchema } from './inference-pool.js';
import { inferencePoolV1Alpha2Kind, inferencePoolV1Alpha2Schema } from './inference-pool-v1alpha2.js';
import { pavedRoadInferencePoolKind, pavedRoadInferencePoolSchema } from './paved-road-inference-pool.js';
import { podCliqueKind, podCliqueSchema } from './pod-clique.js';
import { podCliqueScalingGroupKind, podCliqueScalingGroupSchema } from './pod-clique-scaling-group.js';
import { podCliqueSetKind, podCliqueSetSchema } from './pod-clique-set.js';
import { podGangKind, podGangSchema } from './pod-gang.js';
import type { ResourceKind } from './resource-kind.js';
import { structuralSchema } from './structural-schema.js';
import { variantAutoscalingKind, variantAutoscalingSchema } from './variant-autoscaling.js';

interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  /** Above 0: shown only by `kubectl get -o wide`. */
  readonly priority?: number;
}

interface CustomResource {
  readonly resource: ResourceKind;
  readonly schema: z.ZodObject;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly columns?: readonly PrinterColumn[];
  /** Where `kubectl scale` and autoscalers find the replicas and the selector of the pods. */
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath?: string;
  };
  /** Somebody else defines this kind: ours is installed only where theirs is not. */
  readonly upstream?: string;
}

const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const model = { name: 'Model', type: 'string', jsonPath: '.spec.modelName' };
const pool = { name: 'Pool', type: 'string', jsonPath: '.spec.poolRef.name' };
const grove = 'ai-dynamo/grove';
const count = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'integer', jsonPath });
const breached: PrinterColumn = {
  name: 'MinBreached',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="MinAvailableBreached")].status',
  priority: 1,
};
const ready: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
};
const replicaPaths = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };

/** Every custom resource that Penstock reads, with what its CustomResourceDefinition needs. */
export const CUSTOM_RESOURCES: readonly CustomResource[] = [
  {
    resource: inferencePoolKind,
    schema: inferencePoolSchema,
    singular: 'inferencepool',
    shortNames: ['infpool'],
    columns: [age],
    upstream: 'kubernetes-sigs/gateway-api-inference-extension',
  },
  {
    resource: inferencePoolV1Alpha2Kind,
    schema: inferencePoolV1Alpha2Schema,
    singular: 'inferencepool',
    shortNames: ['xinfpool'],
    columns: [age],
    upstream: 'kubernetes-sigs/gateway-api-inference-extension',
  },
  {
    resource: inferenceModelKind,
    schema: inferenceModelSchema,
    singular: 'inferencemodel',
    columns: [model, pool, age],
    upstream: 'kubernetes-sigs/gateway-api-inference-extension',
  },
  {
    resource: inferenceModelRewriteKind,
    schema: inferenceModelRewriteSchema,
    singular: 'inferencemodelrewrite',
    columns: [pool, age],
    upstream: 'llm-d/llm-d-router',
  },
  {
    resource: pavedRoadInferencePoolKind,
    schema: pavedRoadInferencePoolSchema,
    singular: 'inferencepool',
    shortNames: ['pavedpool'],
    columns: [
      { name: 'Model', type: 'string', jsonPath: '.spec.model' },
      count('Prefill', '.spec.replicas.prefill'),
      count('Decode', '.spec.replicas.decode'),
      ready,
      age,
    ],
    upstream: 'llm-d',
  },
  {
    resource: dynamoGraphDeploymentKind,
    schema: dynamoGraphDeploymentSchema,
    singular: 'dynamographdeployment',
    shortNames: ['dgd'],
    columns: [ready, age],
    upstream: 'ai-dynamo/dynamo',
  },
  {
    resource: podCliqueSetKind,
    schema: podCliqueSetSchema,
    singular: 'podcliqueset',
    shortNames: ['pcs'],
    columns: [
      count('Replicas', '.spec.replicas'),
      count('Available', '.status.availableReplicas'),
      count('Updated', '.status.updatedReplicas'),
      count('PCLQs-Updated', '.status.updateProgress.updatedPodCliquesCount'),
      count('PCLQs-Total', '.status.updateProgress.totalPodCliquesCount'),
      count('PCSGs-Updated', '.status.updateProgress.updatedPodCliqueScalingGroupsCount'),
      count('PCSGs-Total', '.status.updateProgress.totalPodCliqueScalingGroupsCount'),
      age,
    ],
    scale: { ...replicaPaths, labelSelectorPath: '.status.hpaPodSelector' },
    upstream: grove,
  },
  {
    resource: podCliqueKind,
    schema: podCliqueSchema,
    singular: 'podclique',
    shortNames: ['pclq'],
    columns: [
      count('MinAvail', '.spec.minAvailable'),
      count('Replicas', '.spec.replicas'),
      count('Ready', '.status.readyReplicas'),
      count('Scheduled', '.status.scheduledReplicas'),
      count('Updated', '.status.updatedReplicas'),
      { ...count('Gated', '.status.scheduleGatedReplicas'), priority: 1 },
      breached,
      age,
    ],
    scale: { ...replicaPaths, labelSelectorPath: '.status.hpaPodSelector' },
    upstream: grove,
  },
  {
    resource: podCliqueScalingGroupKind,
    schema: podCliqueScalingGroupSchema,
    singular: 'podcliquescalinggroup',
    shortNames: ['pcsg'],
    columns: [
      count('MinAvail', '.spec.minAvailable'),
      count('Replicas', '.spec.replicas'),
      count('Available', '.status.availableReplicas'),
      count('Scheduled', '.status.scheduledReplicas'),
      count('Updated', '.status.updatedReplicas'),
      breached,
      age,
    ],
    scale: { ...replicaPaths, labelSelectorPath: '.status.selector' },
    upstream: grove,
  },
  {
    resource: clusterTopologyBindingKind,
    schema: clusterTopologyBindingSchema,
    singular: 'clustertopologybinding',
    shortNames: ['ct'],
    columns: [{ name: 'Domains', type: 'string', jsonPath: '.spec.levels[*].domain' }, age],
    upstream: grove,
  },
  {
    resource: podGangKind,
    schema: podGangSchema,
    singular: 'podgang',
    shortNames: ['pg'],
    columns: [{ name: 'Phase', type: 'string', jsonPath: '.status.phase' }, age],
    upstream: grove,
  },
  {
    resource: gangPlacementKind,
    schema: gangPlacementSchema,
    singular: 'gangplacement',
    shortNames: ['gp'],
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Bound', type: 'integer', jsonPath: '.status.boundPods' },
      { name: 'Domain', type: 'string', jsonPath: '.spec.topology.domain' },
      { name: 'Score', type: 'number', jsonPath: '.spec.score' },
      age,
    ],
  },
  {
    resource: variantAutoscalingKind,
    schema: variantAutoscalingSchema,
    singular: 'variantautoscaling',
    shortNames: ['va'],
    columns: [
      { name: 'Target', type: 'string', jsonPath: '.spec.scaleTargetRef.name' },
      { name: 'Model', type: 'string', jsonPath: '.spec.modelID' },
      count('Min', '.spec.minReplicas'),
      count('Max', '.spec.maxReplicas'),
      count('Desired', '.status.desiredOptimizedAlloc.numReplicas'),
      { name: 'Able', type: 'string', jsonPath: '.status.conditions[?(@.type=="AbleToScale")].status' },
      age,
    ],
    upstream: 'llm-d/llm-d-workload-variant-autoscaler',
  },
];

/** Annotation of a CustomResourceDefinition that must not replace one which is already installed. */
export const INSTALL_ANNOTATION = 'penstock.dev/install';

/** The `apiextensions.k8s.io/v1` CustomResourceDefinition of one entry of the table. */
export function customResourceDefinition(entry: CustomResource) {
  const { resource, schema, singular, shortNames, columns, scale, upstream } = entry;
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...fields } = schema.shape;
  const body = structuralSchema(z.object(fields));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${resource.plural}.${resource.group}`,
      annotations: {
        ...(upstream === undefined ? {} : { [INSTALL_ANNOTATION]: 'if-absent' }),
        // The API server demands this annotation in the groups that Kubernetes reserves for itself.
        ...(/(^|\.)(k8s|kubernetes)\.io$/.test(resource.group)
          ? { 'api-approved.kubernetes.io': `unapproved, for clusters without the definition of ${upstream}` }
          : {}),
      },
    },
    spec: {
      group: resource.group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular,
        ...(shortNames === undefined ? {} : { shortNames }),
      },
      versions: [
        {
          name: resource.version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              ...body,
              description: schema.description ?? `${resource.kind} as Penstock reads it`,
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                ...(body['properties'] as object),
              },
            },
          },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
          ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
        },
      ],
    },
  };
}
