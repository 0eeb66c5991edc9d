import type { LoadLedger } from '@penstock/core/routing';
import type { PromptContent } from './completion-request.js';
import type { DemandTally } from './demand-tally.js';
import type { PickEndpoint, Picked, Refused } from './pick-endpoint.js';
import type { ReportDecision } from './report-decision.js';
import type { TokenizePrompt } from './tokenize-prompt.js';

export interface HoldRequest {
  readonly requestId: string;
  readonly model: string;
  readonly prompt: PromptContent;
  readonly cacheSalt?: string;
  readonly traceparent: string;
  /** How long the load stays reserved; the service's default when absent. */
  readonly holdMs?: number;
}

/**
 * Picks an endpoint for a caller that sends the request itself: the load is reserved for a while. Never waits for an
 * engine; the request is demand all the same.
 */
export class HoldEndpoint {
  constructor(
    private readonly picker: PickEndpoint,
    private readonly tokenizer: TokenizePrompt,
    private readonly ledger: LoadLedger,
    private readonly report: ReportDecision,
    private readonly demand: DemandTally,
    private readonly onRefused: (namespace: string, pool: string) => void,
    private readonly defaultHoldMs: number,
  ) {}

  hold(request: HoldRequest): Picked | Refused {
    const { requestId, model, cacheSalt, traceparent } = request;
    const prompt = this.tokenizer.tokenize(request.prompt);
    const pick = this.picker.pick({
      requestId,
      model,
      promptTokens: prompt.tokens,
      expectedOutputTokens: 0,
      // The caller cannot wait here: anything that answers is better than nothing.
      lastResort: true,
      ...(prompt.tokenIds ? { tokenIds: prompt.tokenIds } : {}),
      ...(cacheSalt ? { cacheSalt } : {}),
    });
    const { namespace, pool, targetModel, promptTokens, matchedTokens } = pick.record;
    if (pool !== '')
      this.demand.arrived(namespace, pool, targetModel, promptTokens, promptTokens - matchedTokens);
    if (pick.kind === 'refused') {
      if (pool !== '') this.onRefused(namespace, pool);
      this.report.rejected(pick.record, pick.code === 'model_not_found' ? 404 : 503, traceparent);
      return pick;
    }
    this.report.decided(pick.record, traceparent);
    this.demand.sent(namespace, pool, targetModel);
    const release = () => {
      this.ledger.done(pick.reservationId);
      this.demand.ended(namespace, pool, targetModel, 0);
    };
    setTimeout(release, request.holdMs ?? this.defaultHoldMs).unref();
    return pick;
  }
}
