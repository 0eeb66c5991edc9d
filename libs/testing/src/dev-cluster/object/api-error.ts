import type { JsonObject } from './api-object.js';

/** One violated rule, as in `Status.details.causes`. */
export interface Cause {
  /** Dotted path of the field, e.g. `spec.replicas`. */
  field: string;
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldManagerConflict'
    | 'NamespaceTerminating';
  message: string;
}

export interface ErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
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
    const { name, group, kind, causes, retryAfterSeconds } = this.details;
    const details: JsonObject = {};
    if (name) details['name'] = name;
    if (group) details['group'] = group;
    if (kind) details['kind'] = kind;
    if (causes)
      details['causes'] = causes.map((c) => ({ reason: c.reason, message: c.message, field: c.field }));
    if (retryAfterSeconds) details['retryAfterSeconds'] = retryAfterSeconds;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(Object.keys(details).length > 0 ? { details } : {}),
      code: this.code,
    };
  }
}
