/** Reasons the front door refuses or fails a request with: the one table of code → status and type. */
const ERRORS = {
  invalid_json: [400, 'invalid_request_error'],
  invalid_value: [400, 'invalid_request_error'],
  request_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  headers_too_large: [431, 'invalid_request_error'],
  request_timeout: [408, 'invalid_request_error'],
  not_found: [404, 'invalid_request_error'],
  method_not_allowed: [405, 'invalid_request_error'],
  model_not_found: [404, 'invalid_request_error'],
  engines_saturated: [429, 'rate_limit_error'],
  waiting_room_full: [429, 'rate_limit_error'],
  no_endpoint: [503, 'service_unavailable_error'],
  wait_timeout: [503, 'service_unavailable_error'],
  client_gone: [499, 'invalid_request_error'],
  shutting_down: [503, 'service_unavailable_error'],
  engine_failed: [502, 'upstream_error'],
  engine_lost: [502, 'upstream_error'],
  engine_timeout: [504, 'upstream_error'],
  internal_error: [500, 'internal_error'],
} as const;

export type OpenAiErrorCode = keyof typeof ERRORS;

/** `x-llm-d-request-dropped-reason` of refusals that gateways understand. */
const DROPPED_REASONS: Partial<Record<OpenAiErrorCode, string>> = {
  no_endpoint: 'rejected-no-endpoints',
  wait_timeout: 'rejected-no-endpoints',
  engines_saturated: 'rejected-saturated',
  waiting_room_full: 'rejected-saturated',
  shutting_down: 'rejected-shutting-down',
};

/** An error in OpenAI's shape. The message never contains the prompt. */
export class OpenAiError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(
    readonly code: OpenAiErrorCode,
    message: string,
    /** Field of the request the error is about. */
    readonly param: string | null = null,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'OpenAiError';
    [this.status, this.type] = ERRORS[code];
  }

  /** `{"error": {message, type, param, code}}`. */
  body(): string {
    const { message, type, param, code } = this;
    return JSON.stringify({ error: { message, type, param, code } });
  }

  headers(): Record<string, string> {
    const dropped = DROPPED_REASONS[this.code];
    return {
      'content-type': 'application/json',
      ...(this.retryAfterSeconds === undefined ? {} : { 'retry-after': String(this.retryAfterSeconds) }),
      ...(dropped ? { 'x-llm-d-request-dropped-reason': dropped } : {}),
    };
  }
}
