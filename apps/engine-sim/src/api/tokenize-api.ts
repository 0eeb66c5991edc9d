import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tokenizer } from '@penstock/engine';
import { z } from 'zod';
import { chatBody, check, completionBody, promptOf, tokenIds } from './completion-request.js';
import { encodeMessages, encodePrompt } from './encode-prompt.js';
import { readJson } from './read-json.js';
import { sendJson } from './send.js';

const textBody = z.looseObject({ prompt: z.string(), add_special_tokens: z.boolean().default(true) });
const conversationBody = chatBody.pick({
  messages: true,
  tools: true,
  add_generation_prompt: true,
  chat_template_kwargs: true,
});
const idsBody = z.looseObject({ tokens: z.array(z.unknown()) });

/** POST /tokenize, /detokenize and the render endpoints, as vLLM has them; of the latter what concerns the prompt. */
export class TokenizeApi {
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly maxModelLenTokens: number,
  ) {}

  async tokenize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const tokens =
      'messages' in body
        ? encodeMessages(this.tokenizer, check(conversationBody, body), this.maxModelLenTokens)
        : this.encodeText(body);
    const answer = {
      count: tokens.length,
      max_model_len: this.maxModelLenTokens,
      tokens: [...tokens],
      token_strs: null,
    };
    sendJson(response, 200, JSON.stringify(answer));
  }

  async detokenize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tokens } = check(idsBody, await readJson(request));
    sendJson(response, 200, JSON.stringify({ prompt: this.tokenizer.decode(tokenIds(tokens, 'tokens')) }));
  }

  async renderChat(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const body = check(conversationBody, await readJson(request));
    const tokens = encodeMessages(this.tokenizer, body, this.maxModelLenTokens);
    sendJson(response, 200, JSON.stringify(rendered(requestId, tokens)));
  }

  async renderCompletion(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const { prompt } = check(completionBody, await readJson(request));
    const given = promptOf(prompt);
    const tokens = typeof given === 'string' ? this.encodeText({ prompt: given }) : given;
    sendJson(response, 200, JSON.stringify([rendered(requestId, tokens)]));
  }

  private encodeText(body: Record<string, unknown>): Uint32Array {
    const { prompt, add_special_tokens } = check(textBody, body);
    return encodePrompt(this.tokenizer, prompt, this.maxModelLenTokens, {
      addSpecialTokens: add_special_tokens,
    });
  }
}

const rendered = (requestId: string, tokens: Uint32Array) => ({
  request_id: requestId,
  token_ids: [...tokens],
});
