import type { JsonObject } from './api-object.js';

/** One violated rule, as in `Status.details.causes`. */
export interface Cause {
  /** Dotted path of the field, e.g. `spec.replicas`; empty when it is about none. */
  field: string;
  reason:
    | 'FieldValueRequired'
    | 'FieldValueNotFound'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldManagerConflict'
    | 'NamespaceTerminating'
    | 'ResourceVersionTooLarge'
    | 'DisruptionBudget';
  message: string;
}

export interface ErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
  /** Where a list that cannot go on as it began may go on all the same. */
  continueToken?: string;
}

/** A refusal that reaches the client as a Kubernetes `Status` object. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The `Status` body of the answer (meta/v1). */
  toStatus(): JsonObject {
    const { name, group, kind, causes, retryAfterSeconds, continueToken } = this.details;
    const details: JsonObject = {};
    if (name) details['name'] = name;
    if (group) details['group'] = group;
    if (kind) details['kind'] = kind;
    if (causes)
      details['causes'] = causes.map(({ reason, message, field }) => ({
        reason,
        message,
        ...(field ? { field } : {}),
      }));
    if (retryAfterSeconds) details['retryAfterSeconds'] = retryAfterSeconds;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: continueToken ? { continue: continueToken } : {},
      status: 'Failure',
      message: this.message,
      ...(this.reason ? { reason: this.reason } : {}),
      ...(Object.keys(details).length > 0 ? { details } : {}),
      code: this.code,
    };
  }
}
