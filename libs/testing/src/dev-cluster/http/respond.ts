import type { ServerResponse } from 'node:http';
import { ApiError } from '../object/api-error.js';
import type { JsonObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';

export function sendJson(
  response: ServerResponse,
  code: number,
  body: JsonObject,
  contentType = 'application/json',
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(code, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

/** Answers with a `Status`; anything that is no `ApiError` is our fault and says so with 500. */
export function sendError(response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof ApiError
      ? error
      : refuse.internal(error instanceof Error ? error.message : String(error));
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of a refused body is not read: the connection cannot be used again.
  if (refusal.code === 413) response.setHeader('connection', 'close');
  const { retryAfterSeconds } = refusal.details;
  if (retryAfterSeconds) response.setHeader('retry-after', retryAfterSeconds);
  sendJson(response, refusal.code, refusal.toStatus());
}
