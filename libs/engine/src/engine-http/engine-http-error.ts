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
  /** HTTP status of the answer, with reason `status`. */
  readonly status: number | undefined;

  constructor(
    readonly reason: EngineHttpErrorReason,
    message: string,
    options?: ErrorOptions & { readonly status?: number },
  ) {
    super(message, options);
    this.name = 'EngineHttpError';
    this.status = options?.status;
  }
}
