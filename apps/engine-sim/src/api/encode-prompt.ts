import type { ChatTemplateOptions, EncodeOptions, Tokenizer } from '@penstock/engine';
import { ApiError } from './api-error.js';
import type { ChatBody } from './completion-request.js';

/**
 * Token ids of a text. Throws ApiError 400 without encoding when it is so long that it must have more than
 * `limitTokens`: a body of megabytes would hold up every other request for seconds.
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  text: string,
  limitTokens: number,
  options?: EncodeOptions,
): Uint32Array {
  if (text.length > limitTokens * tokenizer.longestTokenChars) {
    throw new ApiError(
      400,
      `This model's maximum context length is ${limitTokens} tokens; the prompt of ${text.length} characters has more. Please reduce its length.`,
      'prompt',
    );
  }
  return tokenizer.encode(text, options);
}

/** Token ids of a conversation, likewise. */
export function encodeMessages(
  tokenizer: Tokenizer,
  body: Pick<ChatBody, 'messages' | 'tools' | 'add_generation_prompt' | 'chat_template_kwargs'>,
  limitTokens: number,
): Uint32Array {
  const options: ChatTemplateOptions = {
    addGenerationPrompt: body.add_generation_prompt,
    tools: body.tools,
    variables: body.chat_template_kwargs,
  };
  const text = tokenizer.applyChatTemplate(body.messages, options);
  return encodePrompt(tokenizer, text, limitTokens, { addSpecialTokens: false });
}
