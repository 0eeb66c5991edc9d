import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockHasher, Tokenizer } from '@penstock/engine';
import type { Failures } from '../engine/failures.js';
import { Generation } from '../engine/generation.js';
import { OutputPlan } from '../engine/output-plan.js';
import type { SimulatedEngine } from '../engine/simulated-engine.js';
import { ApiError } from './api-error.js';
import { type ChunkFormat, chatFormat, completionFormat } from './chunk-format.js';
import {
  type ChatBody,
  type CompletionBody,
  chatBody,
  check,
  completionBody,
  promptOf,
} from './completion-request.js';
import { encodeMessages, encodePrompt } from './encode-prompt.js';
import { readJson } from './read-json.js';
import { TokenStream } from './token-stream.js';
import { WholeAnswer } from './whole-answer.js';

export interface CompletionApiOptions {
  readonly engine: SimulatedEngine;
  readonly tokenizer: Tokenizer;
  readonly hasher: BlockHasher;
  readonly failures: Failures;
  readonly servedModelNames: readonly string[];
  readonly maxModelLenTokens: number;
  readonly seed: number;
  /** Virtual seconds per wall second. */
  readonly speed: number;
}

/** vLLM's default of `max_tokens` for plain completions. */
const DEFAULT_COMPLETION_TOKENS = 16;

/** What both endpoints have in common once the prompt is tokens. */
interface Accepted {
  readonly body: CompletionBody | ChatBody;
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly format: ChunkFormat;
}

/** POST /v1/completions and /v1/chat/completions. */
export class CompletionApi {
  private requests = 0;

  constructor(private readonly options: CompletionApiOptions) {}

  async completions(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const raw = await this.read(request);
    const body = check(completionBody, raw);
    const model = this.modelOf(body.model);
    const prompt = promptOf(body.prompt);
    const tokens =
      typeof prompt === 'string'
        ? encodePrompt(this.options.tokenizer, prompt, this.options.maxModelLenTokens)
        : prompt;
    // Null leaves the length to the context, as in vLLM; leaving it out means the default.
    const wanted = body.max_tokens ?? (raw['max_tokens'] === null ? undefined : DEFAULT_COMPLETION_TOKENS);
    const format = completionFormat(formatOptions(body, requestId, model));
    this.run({ body, prompt: tokens, maxTokens: this.fit(tokens.length, wanted), format }, response);
  }

  async chatCompletions(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const body = check(chatBody, await this.read(request));
    const model = this.modelOf(body.model);
    const prompt = encodeMessages(this.options.tokenizer, body, this.options.maxModelLenTokens);
    const maxTokens = this.fit(prompt.length, body.max_completion_tokens ?? body.max_tokens);
    const format = chatFormat(formatOptions(body, requestId, model));
    this.run({ body, prompt, maxTokens, format }, response);
  }

  private async read(request: IncomingMessage): Promise<Record<string, unknown>> {
    const body = await readJson(request);
    const { latencyMs, errorStatus } = this.options.failures.plan;
    if (latencyMs > 0) await sleep(latencyMs / this.options.speed);
    if (this.options.failures.drawError())
      throw new ApiError(errorStatus, 'Injected failure: see /debug/failures');
    return body;
  }

  private modelOf(name: string | undefined): string {
    const { servedModelNames } = this.options;
    if (name === undefined) return servedModelNames[0]!;
    if (!servedModelNames.includes(name)) {
      throw new ApiError(
        404,
        `The model \`${name.slice(0, 256)}\` does not exist; served: ${servedModelNames.join(', ')}`,
        'model',
      );
    }
    return name;
  }

  /** How many tokens may be generated. Throws ApiError 400 when they do not fit in the context with the prompt. */
  private fit(promptTokens: number, wanted: number | undefined): number {
    const { maxModelLenTokens: limit } = this.options;
    if (promptTokens === 0)
      throw new ApiError(400, 'The prompt is empty: it must have at least one token', 'prompt');
    const maxTokens = wanted ?? Math.max(1, limit - promptTokens);
    if (promptTokens + maxTokens > limit) {
      throw new ApiError(
        400,
        `This model's maximum context length is ${limit} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the prompt, ${maxTokens} in the completion). Please reduce the length of the prompt or of the completion.`,
        'max_tokens',
      );
    }
    return maxTokens;
  }

  private run({ body, prompt, maxTokens, format }: Accepted, response: ServerResponse): void {
    if (response.destroyed) return;
    const { engine, tokenizer, hasher, failures, seed } = this.options;
    const minTokens = body.min_tokens ?? 0;
    if (minTokens > maxTokens) {
      throw new ApiError(400, `min_tokens must be at most max_tokens, ${maxTokens}`, 'min_tokens');
    }
    const stop =
      typeof body.stop === 'string' ? [body.stop].filter((text) => text !== '') : (body.stop ?? []);
    const plan = new OutputPlan(tokenizer.words(), seed, {
      promptTokens: prompt,
      maxTokens,
      minTokens,
      ignoreEos: body.ignore_eos ?? false,
      stop,
      includeStop: body.include_stop_str_in_output ?? false,
      seed: body.seed ?? 0,
    });
    const generation = new Generation(this.requests++, prompt, plan, hasher, { cacheSalt: body.cache_salt });
    try {
      engine.submit(generation);
    } catch (error) {
      if (error instanceof RangeError) throw new ApiError(400, error.message);
      throw error;
    }
    response.on('close', () => engine.abort(generation));
    generation.listener = body.stream
      ? new TokenStream(response, generation, format, {
          includeUsage: body.stream_options?.include_usage ?? false,
          cut: failures.drawCut(),
        })
      : new WholeAnswer(response, generation, format);
  }
}

function formatOptions(body: CompletionBody | ChatBody, requestId: string, model: string) {
  return {
    requestId,
    model,
    created: Math.floor(Date.now() / 1000),
    includeUsage: (body.stream && body.stream_options?.include_usage) ?? false,
  };
}
