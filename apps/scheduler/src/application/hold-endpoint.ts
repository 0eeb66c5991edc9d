import type { LoadLedger } from '@penstock/core/routing';
import type { PromptContent } from './completion-request.js';
import type { DemandTally } from './demand-tally.js';
import type { Fleet } from './fleet.js';
import type { PickEndpoint, Picked, Refused } from './pick-endpoint.js';
import type { ReportDecision } from './report-decision.js';
import type { TokenizePrompt } from './tokenize-prompt.js';
import { tokenizeTarget } from './tokenizing/tokenize-target.js';

export interface HoldRequest {
  readonly requestId: string;
  readonly model: string;
  readonly prompt: PromptContent;
  readonly cacheSalt?: string;
  readonly traceparent: string;
  /** How long the load stays reserved; the service's default when absent. */
  readonly holdMs?: number;
}

export interface HoldDependencies {
  readonly picker: PickEndpoint;
  readonly fleet: Fleet;
  readonly tokenizer: TokenizePrompt;
  readonly ledger: LoadLedger;
  readonly report: ReportDecision;
  readonly demand: DemandTally;
  /** Called when a pool has no engine for the request. */
  readonly onRefused: (namespace: string, pool: string) => void;
  readonly defaultHoldMs: number;
}

/**
 * Picks an endpoint for a caller that sends the request itself: the load is reserved for a while. Never waits for an
 * engine; the request is demand all the same.
 */
export class HoldEndpoint {
  constructor(private readonly deps: HoldDependencies) {}

  async hold(request: HoldRequest): Promise<Picked | Refused> {
    const { picker, fleet, tokenizer, ledger, report, demand, onRefused, defaultHoldMs } = this.deps;
    const { requestId, model, cacheSalt, traceparent } = request;
    const choice = picker.choose(model);
    const known = 'code' in choice ? undefined : choice;
    const target = known && tokenizeTarget(fleet, known);
    const prompt = await tokenizer.tokenize(request.prompt, target);
    const pick = picker.pick({
      requestId,
      model,
      promptTokens: prompt.tokens,
      expectedOutputTokens: 0,
      // The caller cannot wait here: anything that answers is better than nothing.
      lastResort: true,
      ...(known ? { choice: known } : {}),
      ...(prompt.tokenIds ? { tokenIds: prompt.tokenIds } : {}),
      ...(cacheSalt ? { cacheSalt } : {}),
    });
    const { namespace, pool, targetModel, promptTokens, matchedTokens } = pick.record;
    if (pool !== '') demand.arrived(namespace, pool, targetModel, promptTokens, promptTokens - matchedTokens);
    if (pick.kind === 'refused') {
      if (pool !== '') onRefused(namespace, pool);
      report.rejected(pick.record, pick.code === 'model_not_found' ? 404 : 503, traceparent);
      return pick;
    }
    report.decided(pick.record, traceparent);
    demand.sent(namespace, pool, targetModel);
    const release = () => {
      ledger.done(pick.reservationId);
      demand.ended(namespace, pool, targetModel, 0);
    };
    setTimeout(release, request.holdMs ?? defaultHoldMs).unref();
    return pick;
  }
}
