/** vLLM's names of error types by HTTP status. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  405: 'MethodNotAllowedError',
  413: 'RequestEntityTooLargeError',
  415: 'UnsupportedMediaTypeError',
  431: 'RequestHeaderFieldsTooLargeError',
  429: 'RateLimitError',
  503: 'ServiceUnavailableError',
};

/** An answer that is not 2xx, in OpenAI's error shape as vLLM writes it. Messages never repeat a prompt. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
    /** Field of the request that is wrong. */
    readonly param: string | null = null,
  ) {
    super(message);
  }

  toJson(): string {
    const { status, message, param } = this;
    const type = TYPES[status] ?? (status >= 500 ? 'InternalServerError' : 'BadRequestError');
    return JSON.stringify({ error: { message, type, param, code: status } });
  }
}
