import { isAscii, isUtf8 } from 'node:buffer';
import type { ChatMessage } from '@penstock/engine';
import type { CompletionRequest, PromptContent } from '../../application/completion-request.js';
import { chatMessages, completionFields } from './completion-fields.js';
import { OpenAiError } from './openai-error.js';
import { type JsonOutline, scanJson } from './scan-json.js';

export type CompletionKind = 'chat' | 'completion';

/** Deeper nesting than any tool schema needs. */
const MAX_DEPTH = 64;
const MAX_BATCH = 512;
const MAX_TOKEN_ID = 0x7fff_ffff;
/** Rough size of a token where the text is not tokenised. */
const BYTES_PER_TOKEN = 4;

/** Checks the body of a completion request. Throws `OpenAiError`; messages never quote the prompt. */
export function parseCompletion(kind: CompletionKind, body: Buffer): CompletionRequest {
  const outline = checkBytes(body);
  const content = parseObject(body);
  const fields = completionFields.safeParse(content);
  if (!fields.success) {
    const issue = fields.error.issues[0];
    const param = issue?.path.join('.') || 'body';
    throw new OpenAiError('invalid_value', `${param}: ${issue?.message ?? 'invalid'}`, param);
  }
  const { model, stream, max_tokens, max_completion_tokens, cache_salt } = fields.data;
  if (!outline.modelSpan) throw new OpenAiError('invalid_value', 'model: must be a string', 'model');
  const maxTokens = max_completion_tokens ?? max_tokens;
  const [prompt, furtherPromptTokens] =
    kind === 'chat' ? [chatPrompt(content, fields.data), 0] : completionPrompt(content['prompt']);
  return {
    model,
    stream: stream === true,
    prompt,
    furtherPromptTokens,
    modelSpan: outline.modelSpan,
    ...(maxTokens ? { maxTokens } : {}),
    ...(cache_salt ? { cacheSalt: cache_salt } : {}),
  };
}

function checkBytes(body: Buffer): JsonOutline {
  if (body.length === 0) throw new OpenAiError('invalid_json', 'the body is empty; send a JSON object');
  if (body[0] === 0xef && body[1] === 0xbb) {
    throw new OpenAiError('invalid_json', 'the body starts with a byte-order mark; send plain UTF-8');
  }
  if (!isUtf8(body)) throw new OpenAiError('invalid_json', 'the body is not valid UTF-8');
  const outline = scanJson(body, MAX_DEPTH);
  if (outline.maxDepth > MAX_DEPTH) {
    throw new OpenAiError('invalid_json', `the body is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (outline.duplicateKey !== undefined) {
    const key = outline.duplicateKey.slice(0, 64);
    throw new OpenAiError('invalid_json', `the body has the key "${key}" twice`, key);
  }
  return outline;
}

function parseObject(body: Buffer): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(isAscii(body) ? body.toString('latin1') : body.toString('utf8'));
  } catch (error) {
    // The parser's own message quotes the body.
    const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw new OpenAiError('invalid_json', `the body is not valid JSON${at ? ` (character ${at})` : ''}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new OpenAiError('invalid_json', 'the body must be a JSON object');
  }
  return content as Record<string, unknown>;
}

function chatPrompt(
  content: Record<string, unknown>,
  fields: {
    tools?: unknown[] | null;
    chat_template_kwargs?: Record<string, unknown> | null;
    add_generation_prompt?: boolean | null;
  },
): PromptContent {
  const parsed = chatMessages.safeParse(content['messages']);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = ['messages', ...(issue?.path ?? [])].join('.');
    throw new OpenAiError('invalid_value', `${param}: ${issue?.message ?? 'invalid'}`, param);
  }
  return {
    kind: 'chat',
    messages: parsed.data as ChatMessage[],
    addGenerationPrompt: fields.add_generation_prompt ?? true,
    ...(fields.tools ? { tools: fields.tools } : {}),
    ...(fields.chat_template_kwargs ? { variables: fields.chat_template_kwargs } : {}),
  };
}

/** A string, token ids, or a batch of either; a batch is routed by its first prompt. */
function completionPrompt(prompt: unknown): [PromptContent, number] {
  if (typeof prompt === 'string') return [{ kind: 'text', text: prompt }, 0];
  if (!Array.isArray(prompt) || prompt.length === 0) {
    throw new OpenAiError(
      'invalid_value',
      'prompt: must be a string, an array of token ids, or a batch of either',
      'prompt',
    );
  }
  if (typeof prompt[0] === 'number') return [{ kind: 'tokens', tokenIds: tokenIds(prompt, 'prompt') }, 0];
  if (prompt.length > MAX_BATCH) {
    throw new OpenAiError('invalid_value', `prompt: a batch has at most ${MAX_BATCH} prompts`, 'prompt');
  }
  let first: PromptContent | undefined;
  let further = 0;
  prompt.forEach((each: unknown, i) => {
    const content: PromptContent =
      typeof each === 'string'
        ? { kind: 'text', text: each }
        : { kind: 'tokens', tokenIds: tokenIds(each, `prompt.${i}`) };
    if (!first) first = content;
    else
      further +=
        content.kind === 'tokens'
          ? content.tokenIds.length
          : Math.ceil((each as string).length / BYTES_PER_TOKEN);
  });
  return [first as unknown as PromptContent, further];
}

function tokenIds(value: unknown, param: string): Uint32Array {
  if (!Array.isArray(value) || value.length === 0) {
    throw new OpenAiError(
      'invalid_value',
      `${param}: must be a string or a non-empty array of token ids`,
      param,
    );
  }
  const ids = new Uint32Array(value.length);
  for (let i = 0; i < ids.length; i++) {
    const id: unknown = value[i];
    if (typeof id !== 'number' || !(id >= 0 && id <= MAX_TOKEN_ID) || !Number.isInteger(id)) {
      throw new OpenAiError('invalid_value', `${param}.${i}: must be a token id (an integer from 0)`, param);
    }
    ids[i] = id;
  }
  return ids;
}
