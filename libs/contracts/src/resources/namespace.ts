import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** Core Namespace. */
export const namespaceSchema = kubernetesObject({
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});

export type Namespace = z.infer<typeof namespaceSchema>;
export const namespaceKind: ResourceKind<Namespace> = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
