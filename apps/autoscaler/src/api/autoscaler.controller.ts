import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { autoscalerV1 } from '@penstock/contracts';
import { parseRequest, ServiceError } from '@penstock/platform';
import type { RecommendationBoard } from '../application/recommendation-board.js';
import type { VariantScaler } from '../application/scale-variant.js';
import { decisionFindings, type Finding, problemFindings } from '../application/variant-conditions.js';
import { BOARD, LEADERSHIP, SCALER } from '../injection-tokens.js';
import type { Leadership } from '../leadership.js';
import { recommendationMessage } from './recommendation-message.js';
import { recommendRequest } from './requests.js';

/** `penstock.autoscaler.v1`: reads memory only, whatever else is away. */
@Controller()
export class AutoscalerController {
  constructor(
    @Inject(BOARD) private readonly board: RecommendationBoard,
    @Inject(SCALER) private readonly scaler: VariantScaler,
    @Inject(LEADERSHIP) private readonly leadership: Leadership,
  ) {}

  @GrpcMethod('AutoscalerService', 'Recommend')
  recommend(request: unknown): autoscalerV1.RecommendResponse {
    const { namespace, name, includeRecord } = parseRequest(recommendRequest, request);
    const key = `${namespace}/${name}`;
    const leading = this.leadership.isLeading;
    const evaluation = this.board.evaluation(key);
    if (evaluation) {
      return {
        recommendation: recommendationMessage(evaluation),
        conditions: conditions(decisionFindings(evaluation, this.scaler.failure(key))),
        leading,
        recordJson: includeRecord ? JSON.stringify(evaluation.record) : '',
      };
    }
    const problem = this.board.problem(key);
    if (problem) {
      const found = conditions(problemFindings(problem));
      return { recommendation: undefined, conditions: found, leading, recordJson: '' };
    }
    if (this.board.isWaiting(key)) {
      const what = 'the objects of the cluster are still being listed';
      throw new ServiceError('unavailable', what, 'name', 'ask again in a moment, or see /readyz');
    }
    const howToFix = 'create one for the object that is to be scaled: kubectl get variantautoscalings -A';
    throw new ServiceError('not-found', `there is no VariantAutoscaling "${key}"`, 'name', howToFix);
  }
}

function conditions(findings: readonly Finding[]): autoscalerV1.Condition[] {
  return findings.map((finding) => ({ ...finding }));
}
