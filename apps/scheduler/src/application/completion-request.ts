import type { ChatMessage } from '@penstock/engine';

/** What the model is to continue. */
export type PromptContent =
  | { readonly kind: 'tokens'; readonly tokenIds: Uint32Array }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'chat';
      readonly messages: readonly ChatMessage[];
      readonly tools?: readonly unknown[];
      readonly variables?: Readonly<Record<string, unknown>>;
      readonly addGenerationPrompt: boolean;
    };

/** A checked completion request. */
export interface CompletionRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly prompt: PromptContent;
  /** Tokens of further prompts of the same batch, which the first one does not cover. */
  readonly furtherPromptTokens: number;
  /** Output tokens the client asked for at most. */
  readonly maxTokens?: number;
  readonly cacheSalt?: string;
  /** Bytes of the model's name in the body, quotes included. */
  readonly modelSpan: { readonly start: number; readonly end: number };
}
