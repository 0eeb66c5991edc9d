/** Makes tokens of prompts that come as text. */
export interface PromptTokenizer {
  /**
   * Token ids of a text as a completion request has it, with what the model puts around a text. Throws `ServiceError`:
   * `failed-precondition` when there is no tokenizer for the model, `exhausted` when too many texts wait for one.
   */
  encode(text: string, model: string): Promise<ArrayLike<number>>;
  close(): Promise<void>;
}
