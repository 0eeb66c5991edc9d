import { packU64 } from '@penstock/contracts';
import type { EventBus } from '@penstock/core/ports';
import type { DecisionLog } from './decision-log.js';
import type { DecisionRecord } from './decision-record.js';
import type { RequestOutcome } from './request-outcome.js';

/** Remembers decisions and outcomes and publishes them, after the reply path: nothing here is awaited. */
export class ReportDecision {
  constructor(
    private readonly bus: EventBus,
    private readonly log: DecisionLog,
    private readonly scheduler: string,
    /** Of every `fullEvery` decisions one is published and kept with its candidates; rejections always are. */
    private readonly fullEvery: number,
  ) {}

  private ordinal = 0;

  decided(record: DecisionRecord, traceparent: string): void {
    const full = this.ordinal++ % this.fullEvery === 0;
    this.log.add(full ? record : { ...record, input: undefined, loads: undefined });
    setImmediate(() => {
      const {
        requestId,
        model,
        targetModel,
        policy,
        endpoint,
        promptTokens,
        matchedTokens,
        metricsAgeMs,
        kvAgeMs,
      } = record;
      const { scheduler, reason, excluded, leading, waitedMs, prefixSource } = record;
      const { engine, node, speculativeTokens, matchedByTier, loads } = record;
      this.publish('routing.decided', record, traceparent, {
        requestId,
        model,
        targetModel,
        policy,
        endpoint,
        ...(engine === undefined ? {} : { engine }),
        ...(node === undefined ? {} : { node }),
        promptTokens,
        matchedTokens,
        ...(speculativeTokens === undefined ? {} : { speculativeTokens }),
        ...(matchedByTier === undefined ? {} : { matchedByTier }),
        ...(loads === undefined
          ? {}
          : { loads: loads.map(({ tier, keys }) => ({ tier, keys: packU64(keys) })) }),
        metricsAgeMs,
        kvAgeMs,
        ...(waitedMs === undefined ? {} : { waitedMs }),
        ...(prefixSource === undefined ? {} : { prefixSource }),
        scheduler,
        reason,
        excluded,
        decidedAtMs: record.timeMs,
        leading: full ? leading.map(({ endpointId, ...rest }) => ({ endpoint: endpointId, ...rest })) : [],
      });
    });
  }

  rejected(record: DecisionRecord, status: number, traceparent: string): void {
    this.log.add(record);
    setImmediate(() => {
      const { requestId, model, reason, excluded, scheduler } = record;
      this.publish('routing.rejected', record, traceparent, {
        requestId,
        model,
        status,
        reason,
        excluded,
        scheduler,
      });
    });
  }

  completed(outcome: RequestOutcome, traceparent: string): void {
    setImmediate(() => {
      const { record, ...rest } = outcome;
      const { requestId, model, endpoint } = record;
      const data = { requestId, model, endpoint, scheduler: this.scheduler, ...rest };
      this.publish('routing.completed', record, traceparent, data);
    });
  }

  private publish(type: string, record: DecisionRecord, traceparent: string, data: object): void {
    const { namespace, pool, requestId } = record;
    // Subjects have no empty tokens: a request that never reached a pool is filed under `-`.
    this.bus.publish({
      type,
      namespace: namespace || '-',
      pool: pool || '-',
      key: requestId,
      data,
      traceparent,
    });
  }
}
