import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { TokenizerError } from '@penstock/engine';
import { ApiError } from './api-error.js';
import { sendError } from './send.js';

/** Answers one request; throws ApiError for everything that is not 2xx. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
) => void | Promise<void>;

/** Handlers by path and method: `{ '/health': { GET: … } }`. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** Told of every error that is no ApiError: the client sees only the request id. */
export type OnError = (error: unknown, path: string, requestId: string) => void;

/** Idle connections stay open longer than clients keep them, so that the client is the one who closes. */
const KEEP_ALIVE_MS = 75_000;
const REQUEST_ID = /^[\w.:@/+=-]{1,128}$/;

/**
 * An HTTP server over a table of routes. Every answer carries `x-request-id` (the client's, when it is sane);
 * every error has OpenAI's shape, also those of the HTTP parser.
 */
export function createHttpServer(routes: Routes, onError: OnError): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const sent = request.headers['x-request-id'];
    const requestId = typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID();
    response.setHeader('x-request-id', requestId);
    const path = (request.url ?? '/').split('?', 1)[0]!;
    answer(routes, path, request, response, requestId).catch((error: unknown) => {
      // A client that left while it was sending: nobody reads an answer.
      if (request.destroyed && !request.complete) return;
      fail(
        request,
        response,
        toApiError(error, () => onError(error, path, requestId)),
      );
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket as Socket));
  return server;
}

async function answer(
  routes: Routes,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const methods = Object.hasOwn(routes, path) ? routes[path]! : undefined;
  if (!methods) throw new ApiError(404, 'Not found: see the README for the endpoints of this engine');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!handler) {
    response.setHeader('allow', Object.keys(methods).join(', '));
    throw new ApiError(405, `Method not allowed: use ${Object.keys(methods).join(' or ')}`);
  }
  await handler(request, response, requestId);
}

function toApiError(error: unknown, report: () => void): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TokenizerError && error.reason === 'template')
    return new ApiError(400, error.message, 'messages');
  report();
  return new ApiError(500, 'Internal error: the engine log has the cause under this request id');
}

function fail(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) {
    // The rest of the body is not wanted; the connection cannot be used for another request.
    response.setHeader('connection', 'close');
    request.resume();
  }
  sendError(response, error);
}

/** What Node's parser refused: malformed, too large headers, a body that ends early. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const body = new ApiError(status, `The request is not valid HTTP (${error.code ?? 'unknown'})`).toJson();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${randomUUID()}\r\nconnection: close\r\n\r\n${body}`,
  );
}
