import type { Generation } from '../engine/generation.js';

/** The parts of an answer that are the same for every token of a request, written once. */
export interface ChunkFormat {
  /** Events before the first token. */
  readonly head: string;
  /** Before and after the text of a token; texts are a space and letters, so they need no escaping. */
  readonly prefix: string;
  readonly suffix: string;
  /** In place of `suffix` after the last token. */
  lastSuffix(finishReason: string, stopReason: string | null): string;
  /** Event with the usage, when asked for. */
  usageEvent(usage: Usage): string;
  /** The whole answer, not streamed. */
  answer(text: string, finishReason: string, stopReason: string | null, usage: Usage): string;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

export interface FormatOptions {
  readonly requestId: string;
  /** Name the client asked for. */
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
  /** OpenAI: every chunk has `usage: null` when the usage comes at the end. */
  readonly includeUsage: boolean;
}

export function usageOf(generation: Generation): Usage {
  return {
    prompt_tokens: generation.promptTokens,
    completion_tokens: generation.outputTokens,
    total_tokens: generation.promptTokens + generation.outputTokens,
    prompt_tokens_details: { cached_tokens: generation.cachedTokens },
  };
}

/** Format of /v1/completions. */
export function completionFormat(options: FormatOptions): ChunkFormat {
  const { model, created } = options;
  const base = { id: `cmpl-${options.requestId}`, object: 'text_completion', created, model };
  const open = `data: ${JSON.stringify(base).slice(0, -1)},"choices":[`;
  const end = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  return {
    head: '',
    prefix: `${open}{"index":0,"text":"`,
    suffix: `","logprobs":null,"finish_reason":null,"stop_reason":null}${end}`,
    lastSuffix: (finish, stop) =>
      `","logprobs":null,"finish_reason":${JSON.stringify(finish)},"stop_reason":${JSON.stringify(stop)}}${end}`,
    usageEvent: (usage) => `${open}],"usage":${JSON.stringify(usage)}}\n\n`,
    answer: (text, finish_reason, stop_reason, usage) =>
      JSON.stringify({
        ...base,
        choices: [{ index: 0, text, logprobs: null, finish_reason, stop_reason, prompt_logprobs: null }],
        usage,
      }),
  };
}

/** Format of /v1/chat/completions. */
export function chatFormat(options: FormatOptions): ChunkFormat {
  const { model, created } = options;
  const id = `chatcmpl-${options.requestId}`;
  const chunk = { id, object: 'chat.completion.chunk', created, model };
  const open = `data: ${JSON.stringify(chunk).slice(0, -1)},"choices":[`;
  const end = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  return {
    head: `${open}{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}${end}`,
    prefix: `${open}{"index":0,"delta":{"content":"`,
    suffix: `"},"logprobs":null,"finish_reason":null}${end}`,
    lastSuffix: (finish, stop) =>
      `"},"logprobs":null,"finish_reason":${JSON.stringify(finish)},"stop_reason":${JSON.stringify(stop)}}${end}`,
    usageEvent: (usage) => `${open}],"usage":${JSON.stringify(usage)}}\n\n`,
    answer: (content, finish_reason, stop_reason, usage) =>
      JSON.stringify({
        ...chunk,
        object: 'chat.completion',
        choices: [
          { index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason, stop_reason },
        ],
        usage,
      }),
  };
}
