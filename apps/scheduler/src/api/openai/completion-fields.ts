import { z } from 'zod';

const tokenCount = z.number().int().min(1).max(10_000_000).nullish();
const shortText = z.string().max(1024);

/** The fields of a completion request that the scheduler looks at; every other one passes through untouched. */
export const completionFields = z.object({
  model: z.string().min(1).max(512),
  stream: z.boolean().nullish(),
  n: z.number().int().min(1).max(128).nullish(),
  best_of: z.number().int().min(1).max(128).nullish(),
  max_tokens: tokenCount,
  max_completion_tokens: tokenCount,
  cache_salt: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .nullish(),
  stop: z.union([shortText, z.array(shortText).max(64)]).nullish(),
  tools: z.array(z.looseObject({})).max(512).nullish(),
  chat_template_kwargs: z.record(z.string().max(128), z.unknown()).nullish(),
  add_generation_prompt: z.boolean().nullish(),
});

/** One chat message, as far as a chat template needs it. */
export const chatMessages = z
  .array(
    z.looseObject({
      role: z.string().min(1).max(64),
      content: z
        .union([z.string(), z.array(z.looseObject({ type: z.string().max(64) })).max(4096)])
        .nullish(),
    }),
  )
  .min(1)
  .max(10_000);
