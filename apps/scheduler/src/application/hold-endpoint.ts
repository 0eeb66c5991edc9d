import type { LoadLedger } from '@penstock/core/routing';
import type { PromptContent } from './completion-request.js';
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

/** Picks an endpoint for a caller that sends the request itself: the load is reserved for a while. */
export class HoldEndpoint {
  constructor(
    private readonly picker: PickEndpoint,
    private readonly tokenizer: TokenizePrompt,
    private readonly ledger: LoadLedger,
    private readonly report: ReportDecision,
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
      ...(prompt.tokenIds ? { tokenIds: prompt.tokenIds } : {}),
      ...(cacheSalt ? { cacheSalt } : {}),
    });
    if (pick.kind === 'refused') {
      this.report.rejected(pick.record, pick.code === 'model_not_found' ? 404 : 503, traceparent);
      return pick;
    }
    this.report.decided(pick.record, traceparent);
    setTimeout(() => this.ledger.done(pick.reservationId), request.holdMs ?? this.defaultHoldMs).unref();
    return pick;
  }
}
