import { z } from 'zod';
import { gangPlacementKind, gangPlacementSchema } from './gang-placement.js';
import { inferenceModelKind, inferenceModelSchema } from './inference-model.js';
import { inferenceModelRewriteKind, inferenceModelRewriteSchema } from './inference-model-rewrite.js';
import { inferencePoolKind, inferencePoolSchema } from './inference-pool.js';
import { inferencePoolV1Alpha2Kind, inferencePoolV1Alpha2Schema } from './inference-pool-v1alpha2.js';
import type { ResourceKind } from './resource-kind.js';
import { structuralSchema } from './structural-schema.js';

interface CustomResource {
  readonly resource: ResourceKind;
  readonly schema: z.ZodObject;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly columns?: ReadonlyArray<{ name: string; type: string; jsonPath: string }>;
  /** Somebody else defines this kind: ours is installed only where theirs is not. */
  readonly upstream?: string;
}

const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const model = { name: 'Model', type: 'string', jsonPath: '.spec.modelName' };
const pool = { name: 'Pool', type: 'string', jsonPath: '.spec.poolRef.name' };

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
];

/** Annotation of a CustomResourceDefinition that must not replace one which is already installed. */
export const INSTALL_ANNOTATION = 'penstock.dev/install';

/** The `apiextensions.k8s.io/v1` CustomResourceDefinition of one entry of the table. */
export function customResourceDefinition(entry: CustomResource) {
  const { resource, schema, singular, shortNames, columns, upstream } = entry;
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
          subresources: { status: {} },
          ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
        },
      ],
    },
  };
}
