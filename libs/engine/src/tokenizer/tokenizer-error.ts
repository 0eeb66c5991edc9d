/**
 * Why a tokenizer could not be loaded or used.
 *
 * - `missing`: a file is not there or not readable
 * - `corrupt`: a file is there and is not what it should be
 * - `template`: the chat template is absent or refused the messages (a caller's fault: HTTP 400)
 */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';

  constructor(
    readonly reason: 'missing' | 'corrupt' | 'template',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
