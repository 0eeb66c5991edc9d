import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type HttpOptions, LOGGER } from '@penstock/platform';
import type { Logger } from 'pino';
import { ConductorErrorFilter } from './conductor-error.filter.js';

/** A million tokens as JSON. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const METHODS: Readonly<Record<string, string>> = {
  '/query': 'POST',
  '/query_by_hash': 'POST',
  '/register': 'POST',
  '/unregister': 'POST',
  '/services': 'GET',
  '/workers': 'GET',
  '/health': 'GET',
};

/** How the Conductor API's HTTP server behaves: bodies stay bytes, everything is bounded in size and time. */
export const httpOptions: HttpOptions = {
  server: {
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: { maxHeaderSize: 16_384, headersTimeout: 10_000 },
  },
  configure: (app: NestFastifyApplication) => {
    app.useGlobalFilters(new ConductorErrorFilter(app.get<Logger>(LOGGER)));
    const server = app.getHttpAdapter().getInstance();
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    server.addHook('onRequest', (request, reply, done) => {
      const method = METHODS[request.url.split('?')[0] ?? ''];
      if (method === undefined || request.method === method || request.method === 'HEAD') return done();
      reply.header('allow', method);
      done(Object.assign(new Error('method not allowed'), { statusCode: 405 }));
    });
  },
};
