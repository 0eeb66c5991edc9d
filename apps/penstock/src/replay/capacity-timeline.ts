import { setTimeout as sleep } from 'node:timers/promises';

/** Capacity at one moment. */
export interface CapacitySample {
  /** Replicas that the autoscaler asks for. */
  readonly wanted: number;
  /** Engines that can take requests. */
  readonly ready: number;
}

/** A change of capacity, `atSeconds` (virtual) after the start. */
export interface CapacityChange extends CapacitySample {
  readonly atSeconds: number;
  /** Requests that had been sent and were not answered yet. */
  readonly inFlight: number;
}

/** Watches capacity while load changes, and remembers what changed when. */
export class CapacityTimeline {
  readonly changes: CapacityChange[] = [];
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private startedAtMs = 0;

  /**
   * @param sample reads capacity now; a failed reading is left out
   * @param inFlight requests on their way now
   * @param speed virtual time ÷ wall time
   */
  constructor(
    private readonly sample: () => Promise<CapacitySample>,
    private readonly inFlight: () => number,
    private readonly speed: number,
    private readonly everyMs = 500,
  ) {}

  start(): void {
    this.startedAtMs = performance.now();
    this.running = this.run();
  }

  /** Ends watching, after a last look. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.look();
  }

  get peak(): CapacitySample {
    const most = (of: (sample: CapacitySample) => number) => Math.max(0, ...this.changes.map(of));
    return { wanted: most((c) => c.wanted), ready: most((c) => c.ready) };
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.look();
      await sleep(this.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const now = await this.sample().catch(() => undefined);
    if (now) this.record(now);
  }

  private record({ wanted, ready }: CapacitySample): void {
    const last = this.changes.at(-1);
    if (last?.wanted === wanted && last.ready === ready) return;
    const atSeconds = ((performance.now() - this.startedAtMs) / 1000) * this.speed;
    this.changes.push({ atSeconds, wanted, ready, inFlight: this.inFlight() });
  }
}
