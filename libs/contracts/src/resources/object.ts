import { z } from 'zod';

/** The part of Kubernetes ObjectMeta that services read. Unknown fields are kept. */
export const objectMeta = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z
    .array(
      z.looseObject({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
        blockOwnerDeletion: z.boolean().optional(),
      }),
    )
    .optional(),
});

/** A Kubernetes object with the given top-level fields beside apiVersion, kind and metadata. */
export const kubernetesObject = <S extends z.ZodRawShape>(shape: S) =>
  z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: objectMeta, ...shape });

/** `metav1.Condition`. */
export const condition = z.object({
  type: z.string().min(1).max(316),
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().nonnegative().optional(),
  lastTransitionTime: z.string().meta({ format: 'date-time' }),
  reason: z.string().min(1).max(1024),
  message: z.string().max(32_768),
});

export type Condition = z.infer<typeof condition>;
