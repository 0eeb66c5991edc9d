/**
 * Why a replay did not come to its end: nothing arrived in time, it took too long, what arrived is no replay, the caller
 * gave up, there is no endpoint to ask, it was not asked because it failed just before.
 */
export type ReplayErrorReason =
  | 'idle'
  | 'too-long'
  | 'malformed'
  | 'aborted'
  | 'no-endpoint'
  | 'cooling-down';

/** A replay that did not come to its end; batches delivered before stay delivered. */
export class ReplayError extends Error {
  constructor(
    readonly reason: ReplayErrorReason,
    message: string,
  ) {
    super(message);
    this.name = 'ReplayError';
  }
}
