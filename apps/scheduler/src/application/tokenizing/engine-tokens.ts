import type { EnginePrompt } from '@penstock/engine';

/** Engines that turn prompts into tokens themselves. */
export interface EngineTokens {
  /**
   * Token ids of a prompt from one of the engines, within a time that a request may wait.
   *
   * @param model name that the engines answer to
   * @param engines `ip:port` each
   * @throws when none gave them, or is asked at all for now
   */
  tokenize(
    model: string,
    prompt: EnginePrompt,
    engines: readonly string[],
    signal?: AbortSignal,
  ): Promise<Uint32Array>;
}
