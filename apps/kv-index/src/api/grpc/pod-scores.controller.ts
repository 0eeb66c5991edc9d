import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { indexerV1 } from '@penstock/contracts';
import { parseRequest, ServiceError } from '@penstock/platform';
import { scorePods } from '../../application/score-pods.js';
import type { IndexParts } from '../../assemble-index.js';
import { PARTS } from '../../injection-tokens.js';
import { podScoresRequest } from './requests.js';

/** llm-d's `indexer.v1`, for its clients. */
@Controller()
export class PodScoresController {
  constructor(@Inject(PARTS) private readonly parts: IndexParts) {}

  @GrpcMethod('IndexerService', 'GetPodScores')
  getPodScores(request: unknown): Promise<indexerV1.GetPodScoresResponse> {
    return this.parts.metrics.timeAnswer('GetPodScores', () => this.answer(request));
  }

  private async answer(request: unknown): Promise<indexerV1.GetPodScoresResponse> {
    const { prompt, modelName: model, podIdentifiers: pods } = parseRequest(podScoresRequest, request);
    const { index, engines, tokenizer } = this.parts;
    if (!tokenizer) {
      const howToFix = 'start kv-index with --tokenizer-dir, or ask ScoreEndpoints with token ids';
      throw new ServiceError('failed-precondition', 'kv-index has no tokenizer for text', 'prompt', howToFix);
    }
    const tokenIds = await tokenizer.encode(prompt, model);
    const scores = scorePods(index, engines.engines(), { model, tokenIds, pods });
    return {
      scores: scores.map(({ pod, score, rank }) =>
        rank === undefined ? { pod, score } : { pod, score, dataParallelRank: rank },
      ),
    };
  }
}
