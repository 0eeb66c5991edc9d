import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { CONFIG, TRACING, type Tracing } from '@penstock/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CompleteRequest } from '../../application/complete-request.js';
import type { Fleet } from '../../application/fleet.js';
import { listModels } from '../../application/list-models.js';
import { FLEET } from '../../application/tokens.js';
import type { Config } from '../../config.js';
import { engineHeaders } from './forward-headers.js';
import { HttpAnswer } from './http-answer.js';
import { OpenAiError } from './openai-error.js';
import { type CompletionKind, parseCompletion } from './parse-completion.js';

/** The OpenAI-compatible front door. */
@Controller('/v1')
export class OpenAiController {
  constructor(
    @Inject(CompleteRequest) private readonly completions: CompleteRequest,
    @Inject(FLEET) private readonly fleet: Fleet,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TRACING) private readonly tracing: Tracing,
  ) {}

  @Post('/chat/completions')
  chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.complete('chat', '/v1/chat/completions', request, reply);
  }

  @Post('/completions')
  completion(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.complete('completion', '/v1/completions', request, reply);
  }

  @Get('/models')
  models(@Res() reply: FastifyReply): void {
    const data = listModels(this.fleet).map((id) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'penstock',
    }));
    reply.send({ object: 'list', data });
  }

  private async complete(
    kind: CompletionKind,
    path: string,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const arrivedAtMs = performance.now();
    const body = Buffer.isBuffer(incoming.body) ? incoming.body : Buffer.alloc(0);
    const request = parseCompletion(kind, body);
    const requestId = incoming.id;
    const { traceparent: parent } = incoming.headers;
    const span = this.tracing.startSpan('gateway.request', typeof parent === 'string' ? parent : undefined);
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const failure = await this.completions.run(
      {
        requestId,
        traceparent: span.traceparent,
        path,
        headers: engineHeaders(incoming.headers, requestId, span.traceparent),
        body,
        request,
        signal: gone.signal,
        arrivedAtMs,
      },
      new HttpAnswer(reply, requestId, this.config.decisionHeaders),
    );
    span.end(failure?.code);
    if (failure) {
      const param = failure.code === 'model_not_found' ? 'model' : null;
      throw new OpenAiError(failure.code, failure.message, param, failure.retryAfterSeconds);
    }
    // The client left before the first byte: there is nobody to answer.
    if (gone.signal.aborted && !reply.sent) reply.hijack();
  }
}
