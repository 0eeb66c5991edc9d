import { z } from 'zod';
import { ApiError } from './api-error.js';

const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);
const onlyOne = optional(
  z.literal(1, 'this engine generates one answer per request: leave it out or send 1'),
);
const onlyOff = (what: string) =>
  optional(z.union([z.literal(false), z.literal(0)], `${what} is not simulated: leave it out`));
const stopStrings = z.array(z.string().min(1).max(1_024)).max(64);

const sampling = {
  model: optional(z.string().max(1_024)),
  max_tokens: optional(z.int().min(1)),
  min_tokens: optional(z.int().min(0)),
  ignore_eos: optional(z.boolean()),
  stop: optional(z.union([z.string().max(1_024), stopStrings])),
  include_stop_str_in_output: optional(z.boolean()),
  stream: optional(z.boolean()),
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
  seed: optional(z.int()),
  n: onlyOne,
  best_of: onlyOne,
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  cache_salt: optional(z.string().min(1).max(1_024)),
};

/** Body of POST /v1/completions; fields that are not named here are accepted and have no effect. */
export const completionBody = z.looseObject({
  ...sampling,
  prompt: z.unknown(),
  logprobs: onlyOff('logprobs'),
  echo: onlyOff('echo'),
});

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const message = z.looseObject({
  role: z.string().min(1).max(64),
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
});

/** Body of POST /v1/chat/completions; fields that are not named here are accepted and have no effect. */
export const chatBody = z.looseObject({
  ...sampling,
  max_completion_tokens: optional(z.int().min(1)),
  messages: z.array(message).min(1),
  tools: optional(z.array(z.looseObject({}))),
  add_generation_prompt: optional(z.boolean()),
  chat_template_kwargs: optional(z.record(z.string(), z.unknown())),
  logprobs: onlyOff('logprobs'),
  top_logprobs: onlyOff('top_logprobs'),
});

export type CompletionBody = z.infer<typeof completionBody>;
export type ChatBody = z.infer<typeof chatBody>;

/** Checks a body; throws ApiError 400 that names the first wrong field and says what it must be. */
export function check<T>(schema: z.ZodType<T>, body: Record<string, unknown>): T {
  const result = schema.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const path = issue.path.join('.');
    throw new ApiError(400, path === '' ? issue.message : `${path}: ${issue.message}`, path || null);
  }
  const checked = result.data as { stream?: boolean; stream_options?: unknown };
  if (checked.stream_options !== undefined && !checked.stream) {
    throw new ApiError(400, 'stream_options needs stream to be true', 'stream_options');
  }
  return result.data;
}

/** Largest token id accepted: prompts may come from the tokenizer of the model that is simulated. */
const MAX_TOKEN_ID = 0x7fff_ffff;

/**
 * A completion's prompt: a text, a list of token ids, or a batch of exactly one of these. Throws ApiError 400
 * otherwise.
 */
export function promptOf(prompt: unknown): string | Uint32Array {
  let value = prompt;
  if (Array.isArray(value) && (typeof value[0] === 'string' || Array.isArray(value[0]))) {
    if (value.length !== 1) {
      throw new ApiError(
        400,
        'this engine takes one prompt per request: send the others on their own',
        'prompt',
      );
    }
    value = value[0];
  }
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) {
    throw new ApiError(400, 'prompt must be a text or a list of token ids', 'prompt');
  }
  return tokenIds(value, 'prompt');
}

/** A list of token ids as sent. Throws ApiError 400 naming the first that is none. */
export function tokenIds(values: readonly unknown[], param: string): Uint32Array {
  const ids = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const id = values[i];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID) {
      throw new ApiError(
        400,
        `${param}[${i}] must be a token id: an integer from 0 to ${MAX_TOKEN_ID}`,
        param,
      );
    }
    ids[i] = id;
  }
  return ids;
}
