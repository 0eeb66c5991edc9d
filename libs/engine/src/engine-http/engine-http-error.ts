/** Why an engine could not be asked, or its answer not be used. */
export type EngineHttpErrorReason =
  | 'bad-address'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'status'
  | 'too-large'
  | 'malformed';

/** An engine did not answer as it should; the message says which and what to look at. */
export class EngineHttpError extends Error {
  constructor(
    readonly reason: EngineHttpErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EngineHttpError';
  }
}
