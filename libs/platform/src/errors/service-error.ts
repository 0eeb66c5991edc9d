/** Why a call was refused. Each maps to one gRPC code and one HTTP status. */
export type ServiceErrorReason =
  | 'invalid-argument'
  | 'not-found'
  | 'failed-precondition'
  | 'exhausted'
  | 'unavailable'
  | 'deadline-exceeded'
  | 'cancelled'
  | 'unimplemented'
  | 'internal';

/** An error for people: what is wrong, where, and how to fix it. Never contains prompt text. */
export class ServiceError extends Error {
  constructor(
    readonly reason: ServiceErrorReason,
    readonly what: string,
    /** Field, flag or address the error is about. */
    readonly where?: string,
    readonly howToFix?: string,
  ) {
    super([where ? `${where}: ${what}` : what, howToFix].filter(Boolean).join('; '));
    this.name = 'ServiceError';
  }
}
