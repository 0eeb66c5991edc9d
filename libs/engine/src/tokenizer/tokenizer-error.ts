/**
 * Why a tokenizer could not be loaded or used.
 *
 * - `missing`: a file is not there or not readable
 * - `corrupt`: a file is there and is not what it should be
 * - `template`: the chat template is absent or refused the messages (a caller's fault: HTTP 400)
 * - `unreachable`: the model repository did not answer as it should
 * - `busy`, `timeout`, `stopped`: a thread had no time for the text, or too little, or ended
 */
export type TokenizerErrorReason =
  | 'missing'
  | 'corrupt'
  | 'template'
  | 'unreachable'
  | 'busy'
  | 'timeout'
  | 'stopped';

/** A tokenizer could not be loaded or used; the message says what, where, and what to do. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';

  constructor(
    readonly reason: TokenizerErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
