import { type EventData, unpackU64 } from '@penstock/contracts';
import type { EventBus } from '@penstock/core/ports';
import { ServiceError } from '@penstock/platform';
import type { DecisionLog } from './decision-log.js';
import type { DecisionRecord } from './decision-record.js';

/** Finds the record of a request: here, else among the events any replica published. */
export class ExplainDecision {
  constructor(
    private readonly log: DecisionLog,
    private readonly bus: EventBus,
  ) {}

  async explain(requestId: string): Promise<DecisionRecord | undefined> {
    const known = this.log.find(requestId);
    if (known) return known;
    const event = await this.lastEvent(requestId);
    if (!event) return undefined;
    const { leading, decidedAtMs, loads, ...data } = event.data;
    return {
      ...data,
      ...(loads ? { loads: loads.map(({ tier, keys }) => ({ tier, keys: unpackU64(keys) })) } : {}),
      timeMs: decidedAtMs ?? event.timeMs,
      namespace: event.namespace,
      pool: event.pool,
      leading: leading.map(({ endpoint, ...rest }) => ({ endpointId: endpoint, ...rest })),
    };
  }

  private async lastEvent(requestId: string) {
    try {
      return await this.bus.lastByKey<EventData<'routing.decided'>>('routing.decided', requestId);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it does not answer';
      throw new ServiceError(
        'unavailable',
        `this replica has no record, and the event bus cannot be asked: ${why}`,
      );
    }
  }
}
