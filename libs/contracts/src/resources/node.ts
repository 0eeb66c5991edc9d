import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));

/** Core Node, as far as services read it. */
export const nodeSchema = kubernetesObject({
  spec: z
    .looseObject({
      unschedulable: z.boolean().optional(),
      taints: z
        .array(z.looseObject({ key: z.string(), value: z.string().optional(), effect: z.string() }))
        .optional(),
    })
    .optional(),
  status: z
    .looseObject({
      capacity: quantities.optional(),
      allocatable: quantities.optional(),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).optional(),
      addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).optional(),
    })
    .optional(),
});

export type Node = z.infer<typeof nodeSchema>;
export const nodeKind: ResourceKind<Node> = {
  group: '',
  version: 'v1',
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
};
