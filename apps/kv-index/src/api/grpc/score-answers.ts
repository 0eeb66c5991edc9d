import { Inject, Injectable } from '@nestjs/common';
import type { kvindexV1 } from '@penstock/contracts';
import { parseRequest } from '@penstock/platform';
import { scoreEndpoints } from '../../application/score-endpoints.js';
import type { IndexParts } from '../../assemble-index.js';
import { PARTS } from '../../injection-tokens.js';
import type { LookupMethod } from '../../metrics.js';
import { scoresMessage } from './messages.js';
import { promptRequest } from './requests.js';

/** Answers `ScoreEndpoints`, however the request came. */
@Injectable()
export class ScoreAnswers {
  constructor(@Inject(PARTS) private readonly parts: IndexParts) {}

  /** Throws `invalid-argument` when the request is not usable. `method` is counted. */
  answer(method: LookupMethod, request: unknown): kvindexV1.ScoreEndpointsResponse {
    const { index, engines, metrics } = this.parts;
    return metrics.timeLookup(method, () => {
      const { prompt, ...filter } = parseRequest(promptRequest, request);
      return scoresMessage(scoreEndpoints(index, engines.engines(), filter, prompt));
    });
  }
}
