/** A prompt as a client sent it. */
export type EnginePrompt =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'chat';
      readonly messages: readonly object[];
      readonly tools?: readonly unknown[];
      /** Further variables of the chat template. */
      readonly variables?: Readonly<Record<string, unknown>>;
      readonly addGenerationPrompt: boolean;
    };
