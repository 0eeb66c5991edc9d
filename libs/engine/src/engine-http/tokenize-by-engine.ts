import { z } from 'zod';
import { askEngine, type EngineHttpOptions } from './ask-engine.js';
import { EngineHttpError } from './engine-http-error.js';
import type { EnginePrompt } from './engine-prompt.js';

const MAX_TOKEN_ID = 0xffff_ffff;
const ids = z.array(z.number().int().min(0).max(MAX_TOKEN_ID));
const tokenized = z.looseObject({ tokens: ids }).transform(({ tokens }) => tokens);
const rendered = z.looseObject({ token_ids: ids }).transform(({ token_ids }) => token_ids);
const renderedBatch = z
  .array(rendered)
  .min(1)
  .transform(([first]) => first as number[]);

/** How an engine turns prompts into tokens: vLLM's `/tokenize`, or the render endpoints that it has since 2026. */
export type TokenizeApi = 'tokenize' | 'render';

/**
 * Token ids of a prompt, as the engine itself makes them.
 *
 * @param model served name
 * @throws EngineHttpError; `status` 404 where the engine does not have this API
 */
export async function tokenizeByEngine(
  address: string,
  model: string,
  prompt: EnginePrompt,
  api: TokenizeApi,
  options: EngineHttpOptions = {},
): Promise<Uint32Array> {
  const body = JSON.stringify({ model, ...bodyOf(prompt) });
  const chat = prompt.kind === 'chat';
  if (api === 'tokenize') return read(address, '/tokenize', body, tokenized, options);
  if (chat) return read(address, '/v1/chat/completions/render', body, rendered, options);
  return read(address, '/v1/completions/render', body, renderedBatch, options);
}

function bodyOf(prompt: EnginePrompt): object {
  if (prompt.kind === 'text') return { prompt: prompt.text };
  const { messages, tools, variables, addGenerationPrompt } = prompt;
  return {
    messages,
    add_generation_prompt: addGenerationPrompt,
    ...(tools ? { tools } : {}),
    ...(variables ? { chat_template_kwargs: variables } : {}),
  };
}

async function read(
  address: string,
  path: string,
  body: string,
  schema: z.ZodType<number[]>,
  options: EngineHttpOptions,
): Promise<Uint32Array> {
  const text = await askEngine(address, path, options, body);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EngineHttpError('malformed', `${path} of ${address} answered no JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return Uint32Array.from(parsed.data);
  const why = z.prettifyError(parsed.error);
  throw new EngineHttpError('malformed', `${path} of ${address} answered no token ids: ${why}`);
}
