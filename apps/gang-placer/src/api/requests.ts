import { z } from 'zod';

const MAX_PAGE = 1_000;
const namespace = z
  .string()
  .max(63)
  .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/, 'must be the name of a Kubernetes namespace');
const objectName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/, 'must be the name of a PodGang');

export const explainRequest = z.object({
  namespace: namespace.min(1, 'is required: the namespace of the PodGang'),
  gang: objectName.min(1, 'is required: the name of the PodGang; ListGangs names them'),
});

/** proto3 leaves numbers out that are 0. */
export const listGangsRequest = z.object({
  namespace: namespace.default(''),
  offset: z.number().int().min(0).default(0),
  limit: z
    .number()
    .int()
    .max(MAX_PAGE, `must be at most ${MAX_PAGE}: use offset for more`)
    .default(0)
    .transform((limit) => limit || MAX_PAGE),
});
