import type { EventData } from '@penstock/contracts';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import { type DemandReport, DemandWindow, type PoolDemand } from '@penstock/core/scaling';
import type { Logger } from 'pino';

type Reported = EventData<'demand.reported'>;

export interface DemandFeedOptions {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly staleMs: number;
  readonly namespace?: string;
  /** Called for a report in which requests wait for an engine to exist. */
  readonly onHeld: (namespace: string, pool: string, receivedAtMs: number) => void;
}

/** What schedulers report. Only the newest matters, so nothing is read again after a restart. */
export class DemandFeed {
  readonly window: DemandWindow;
  private subscription: Subscription | undefined;

  constructor(private readonly options: DemandFeedOptions) {
    this.window = new DemandWindow({ staleMs: options.staleMs });
  }

  /** Needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, namespace, logger } = this.options;
    this.subscription = await bus.follow<Reported>(
      {
        types: ['demand.reported'],
        from: 'new',
        ...(namespace === undefined ? {} : { namespace }),
        onGap: () => logger.warn('reports of demand may have been missed'),
      },
      (event) => this.take(event),
    );
  }

  view(namespace: string, pool: string, model: string | undefined): PoolDemand | undefined {
    return this.window.view(namespace, pool, this.options.clock.nowMs(), model);
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private take({ namespace, pool, timeMs, data }: IncomingEvent<Reported>): void {
    const { clock, onHeld } = this.options;
    const nowMs = clock.nowMs();
    const { scheduler, model, intervalMs, requests, promptTokens, outputTokens, inFlight } = data;
    const { held = 0, heldTokens = 0, engines } = data;
    const report: DemandReport = {
      ...{ namespace, pool, scheduler, model, intervalMs, requests, promptTokens, outputTokens, inFlight },
      ...{ held, heldTokens },
      ...(engines
        ? { engines: engines.map(({ metricsAgeMs, ...facts }) => ({ ...facts, ageMs: metricsAgeMs })) }
        : {}),
    };
    if (this.window.add(report, timeMs, nowMs) && held > 0) onHeld(namespace, pool, nowMs);
  }
}
