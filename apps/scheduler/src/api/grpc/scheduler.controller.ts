import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { schedulerV1 } from '@penstock/contracts';
import { parseRequest, propagateTraceparent, ServiceError } from '@penstock/platform';
import { z } from 'zod';
import { ExplainDecision } from '../../application/explain-decision.js';
import { HoldEndpoint } from '../../application/hold-endpoint.js';
import { decisionMessage } from './decision-message.js';

const MAX_HOLD_MS = 3_600_000;
const MAX_PROMPT_TOKENS = 2_000_000;
const requestId = z
  .string()
  .regex(/^[A-Za-z0-9._:@/+=-]{0,128}$/, 'must be at most 128 letters, digits or . _ : @ / + = -');

const pickRequest = z.object({
  requestId,
  model: z.string().min(1).max(512),
  tokenIds: z.custom<number[]>(
    (ids) => Array.isArray(ids) && ids.length <= MAX_PROMPT_TOKENS,
    `at most ${MAX_PROMPT_TOKENS} tokens`,
  ),
  prompt: z.string(),
  holdMs: z.number().int().min(0).max(MAX_HOLD_MS),
  cacheSalt: z.string().max(256),
});
const explainRequest = z.object({ requestId: requestId.min(1, 'is required') });

/** gRPC `penstock.scheduler.v1`. */
@Controller()
export class SchedulerController {
  constructor(
    @Inject(HoldEndpoint) private readonly holder: HoldEndpoint,
    @Inject(ExplainDecision) private readonly explainer: ExplainDecision,
  ) {}

  @GrpcMethod('SchedulerService', 'Pick')
  async pick(message: unknown, metadata: Metadata): Promise<schedulerV1.PickResponse> {
    const request = parseRequest(pickRequest, message);
    const id = request.requestId || randomUUID();
    const pick = await this.holder.hold({
      requestId: id,
      model: request.model,
      traceparent: propagateTraceparent(metadata.get('traceparent')[0]?.toString()),
      prompt:
        request.tokenIds.length > 0
          ? { kind: 'tokens', tokenIds: Uint32Array.from(request.tokenIds) }
          : { kind: 'text', text: request.prompt },
      ...(request.holdMs > 0 ? { holdMs: request.holdMs } : {}),
      ...(request.cacheSalt ? { cacheSalt: request.cacheSalt } : {}),
    });
    if (pick.kind === 'refused') {
      if (pick.code === 'model_not_found') {
        throw new ServiceError(
          'not-found',
          'no pool serves this model',
          'model',
          'GET /v1/models of the front door lists those that exist',
        );
      }
      throw new ServiceError(
        'unavailable',
        pick.record.reason,
        undefined,
        'try again when the pool has a ready engine',
      );
    }
    return { requestId: id, endpoint: pick.record.endpoint, decision: decisionMessage(pick.record) };
  }

  @GrpcMethod('SchedulerService', 'Explain')
  async explain(message: unknown): Promise<schedulerV1.ExplainResponse> {
    const { requestId: id } = parseRequest(explainRequest, message);
    const record = await this.explainer.explain(id);
    if (!record) {
      throw new ServiceError(
        'not-found',
        'no record of this request',
        'request_id',
        'records are kept for a while only: ask sooner, or raise --decision-log-size',
      );
    }
    return { decision: decisionMessage(record) };
  }
}
