/** Makes tokens of prompts that come as text. */
export interface PromptTokenizer {
  /** Token ids of a text as a completion request has it, with what the model puts around a text. */
  encode(text: string): ArrayLike<number> | Promise<ArrayLike<number>>;
}
