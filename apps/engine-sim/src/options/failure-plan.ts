import { z } from 'zod';

/** What goes wrong on purpose. Every field is independent; the default is that nothing does. */
export const failurePlan = z.strictObject({
  latencyMs: z
    .number()
    .min(0)
    .max(600_000)
    .default(0)
    .describe('wait before a completion request is looked at, in virtual ms'),
  errorRate: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('share of completion requests answered with an error'),
  errorStatus: z.int().min(400).max(599).default(500).describe('HTTP status of those errors'),
  hang: z
    .enum(['no', 'engine', 'server'])
    .default('no')
    .describe(
      'engine: requests are accepted and no step ever ends; server: nothing is answered, /health neither',
    ),
  cutRate: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('share of streams whose connection is cut after the first token'),
  crash: z.boolean().default(false).describe('end the process at once, as kill -9 does'),
});
export type FailurePlan = z.infer<typeof failurePlan>;
