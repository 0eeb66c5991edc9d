import type { Clock, EventBus } from '@penstock/core/ports';
import type { DemandTally } from './demand-tally.js';

const INTERVAL_MS = 1000;

/** Publishes what clients asked for, once a second, when they asked for anything. */
export class ReportDemand {
  private timer: NodeJS.Timeout | undefined;
  private lastMs = 0;

  constructor(
    private readonly bus: EventBus,
    private readonly tally: DemandTally,
    private readonly clock: Clock,
    private readonly scheduler: string,
  ) {}

  start(): void {
    this.lastMs = this.clock.nowMs();
    this.timer = setInterval(() => this.report(), INTERVAL_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.report();
  }

  report(): void {
    const nowMs = this.clock.nowMs();
    const intervalMs = Math.round(nowMs - this.lastMs);
    this.lastMs = nowMs;
    for (const { namespace, pool, ...demand } of this.tally.take()) {
      const data = { ...demand, class: 'standard', role: 'both', intervalMs, scheduler: this.scheduler };
      this.bus.publish({ type: 'demand.reported', namespace, pool, data });
    }
  }
}
