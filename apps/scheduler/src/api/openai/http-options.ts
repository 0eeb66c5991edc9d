import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type HttpOptions, LOGGER } from '@penstock/platform';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import { SchedulerMetrics } from '../../metrics.js';
import { clientRequestId } from './forward-headers.js';
import { OpenAiErrorFilter } from './openai-error.filter.js';
import { OpenAiError, type OpenAiErrorCode } from './openai-error.js';

/** How the front door's HTTP server behaves: bodies stay bytes, everything is bounded in size and time. */
export const httpOptions = (config: Config): HttpOptions => ({
  reusePort: true,
  server: {
    logger: false,
    bodyLimit: config.maxBodyBytes,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    // A request that arrives on an open connection while this replica stops is still answered.
    return503OnClosing: false,
    http: { maxHeaderSize: 32_768, headersTimeout: 10_000 },
    requestIdHeader: false,
    genReqId: (request: { headers: IncomingMessage['headers'] }) =>
      clientRequestId(request.headers['x-request-id']) ?? randomUUID(),
    clientErrorHandler: refuseConnection,
  },
  configure: (app: NestFastifyApplication) => {
    app.useGlobalFilters(new OpenAiErrorFilter(app.get<Logger>(LOGGER), app.get(SchedulerMetrics)));
    const server = app.getHttpAdapter().getInstance();
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    server.addHook('onRequest', (request, _reply, done) => {
      const encoding = request.headers['content-encoding'];
      done(
        encoding === undefined || encoding === 'identity'
          ? undefined
          : new OpenAiError(
              'unsupported_media_type',
              'send the body without content-encoding',
              'content-encoding',
            ),
      );
    });
  },
});

/** Answers bytes that are no HTTP request, where no handler runs, and closes the connection. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: OpenAiErrorCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'invalid_value';
  const answer = new OpenAiError(code, 'the HTTP request is malformed, too slow or has too large headers');
  const body = answer.body();
  socket.end(
    `HTTP/1.1 ${answer.status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `x-request-id: ${randomUUID()}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
