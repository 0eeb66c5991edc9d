import type { ServerResponse } from 'node:http';
import type { ApiError } from './api-error.js';

/** Sends a JSON text. Nothing happens when the client has gone. */
export function sendJson(response: ServerResponse, status: number, json: string): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  sendJson(response, error.status, error.toJson());
}
