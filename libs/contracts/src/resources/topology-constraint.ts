import { z } from 'zod';

const needsPack = 'topologyConstraint must set pack (or the deprecated packDomain)';
const needsLevel = 'pack must set required, preferred or both';
const oneRequired = 'set pack.required or the deprecated packDomain, not both';

/** Name of a topology domain (`rack`, `zone`, …): a level of a ClusterTopologyBinding. */
export const topologyDomain = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z][a-z0-9-]*$/);

const pack = z
  .object({
    required: topologyDomain.optional().describe('Each replica fits into one such domain, or waits'),
    preferred: topologyDomain.optional().describe('Narrower domain that is tried first'),
  })
  .refine((value) => value.required !== undefined || value.preferred !== undefined, needsLevel)
  .meta({
    'x-kubernetes-validations': [{ rule: 'has(self.required) || has(self.preferred)', message: needsLevel }],
  });

/** Where every replica of a PodCliqueSet, scaling group or clique must be close together. */
export const topologyConstraint = z
  .object({
    topologyName: z
      .string()
      .max(253)
      .optional()
      .describe('Name of the ClusterTopologyBinding; inherited from the level above when absent'),
    pack: pack.optional(),
    packDomain: topologyDomain.optional().describe('Deprecated: use pack.required'),
  })
  .refine((value) => value.pack !== undefined || value.packDomain !== undefined, needsPack)
  .refine((value) => value.packDomain === undefined || value.pack?.required === undefined, oneRequired)
  .meta({
    'x-kubernetes-validations': [
      { rule: 'has(self.pack) || has(self.packDomain)', message: needsPack },
      { rule: '!(has(self.packDomain) && has(self.pack) && has(self.pack.required))', message: oneRequired },
    ],
  });
