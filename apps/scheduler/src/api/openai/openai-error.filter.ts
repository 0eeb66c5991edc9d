import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { SchedulerMetrics } from '../../metrics.js';
import { OpenAiError } from './openai-error.js';

/** Every error of the front door in OpenAI's shape, with the request id; the cause of an unexpected one goes to the log. */
@Catch()
export class OpenAiErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: SchedulerMetrics,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const answer = toOpenAiError(error);
    if (answer.code === 'internal_error')
      this.logger.error({ err: error, requestId: request.id }, 'unexpected error');
    if (answer.status < 500) this.metrics.badRequest(answer.code);
    if (reply.sent) {
      reply.raw.destroy();
      return;
    }
    reply
      .code(answer.status)
      .headers({ ...answer.headers(), 'x-request-id': request.id })
      .send(answer.body());
  }
}

function toOpenAiError(error: unknown): OpenAiError {
  if (error instanceof OpenAiError) return error;
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  switch (status) {
    case 400:
      return new OpenAiError('invalid_value', 'the request is malformed');
    case 404:
      return new OpenAiError(
        'not_found',
        'there is no such path; see /v1/models, /v1/completions and /v1/chat/completions',
      );
    case 405:
      return new OpenAiError('method_not_allowed', 'use POST');
    case 408:
      return new OpenAiError('request_timeout', 'the request did not arrive in time');
    case 413:
      return new OpenAiError('request_too_large', 'the body is larger than this server accepts');
    case 415:
      return new OpenAiError(
        'unsupported_media_type',
        'send the header content-type: application/json, and no content-encoding',
        'content-type',
      );
    case 503:
      return new OpenAiError('shutting_down', 'this replica is stopping; try again', null, 1);
    default:
      return new OpenAiError('internal_error', 'unexpected error; the server log has the cause');
  }
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' ? status : 500;
}
