import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { ServiceError, type ServiceErrorReason } from '@penstock/platform';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { ZodError } from 'zod';

const STATUSES: Record<ServiceErrorReason, number> = {
  'invalid-argument': 400,
  'not-found': 404,
  'failed-precondition': 409,
  exhausted: 429,
  unavailable: 503,
  'deadline-exceeded': 504,
  cancelled: 499,
  unimplemented: 501,
  internal: 500,
};
const PATHS =
  'there is POST /query, /query_by_hash, /register, /unregister and GET /services, /workers, /health';

interface Answer {
  readonly error: string;
  readonly reason: string;
  readonly field?: string;
}

/** Every error of the Conductor API as `{error, reason, field}`; the cause of an unexpected one goes to the log. */
@Catch()
export class ConductorErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const [status, answer] = answerTo(error);
    if (status === 500) this.logger.error({ err: error }, 'an HTTP request failed unexpectedly');
    reply.code(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(answer));
  }
}

function answerTo(error: unknown): [number, Answer] {
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') || 'body';
    const missing = issue?.code === 'invalid_type' && issue.input === undefined;
    const what = missing ? 'is required' : (issue?.message ?? 'is not valid');
    return [400, { error: `${field}: ${what}`, reason: missing ? 'missing' : 'invalid_value', field }];
  }
  if (error instanceof ServiceError) {
    const field = error.where === undefined ? {} : { field: error.where };
    return [STATUSES[error.reason], { error: error.message, reason: error.reason, ...field }];
  }
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  switch (status) {
    case 400:
      return [400, { error: 'the request is malformed', reason: 'invalid_request' }];
    case 404:
      return [404, { error: `there is no such path; ${PATHS}`, reason: 'not_found' }];
    case 405:
      return [405, { error: `not with this method; ${PATHS}`, reason: 'method_not_allowed' }];
    case 413:
      return [413, { error: 'the body is larger than 8 MiB', reason: 'too_large' }];
    case 415:
      return [415, { error: 'send the header content-type: application/json', reason: 'not_json' }];
    default:
      return [500, { error: 'internal error; the server log has the cause', reason: 'internal' }];
  }
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' ? status : 500;
}
