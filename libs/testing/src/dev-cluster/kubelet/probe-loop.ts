import type { JsonObject } from '../object/api-object.js';
import type { ContainerSpec } from './pod-spec.js';
import { runProbe } from './probe.js';

/** Until a container is well for the first time it is asked this often, so that it is used as soon as it can be. */
const EAGER_INTERVAL_MS = 250;
const EAGER_FOR_MS = 15_000;

export interface ProbeLoopOptions {
  readonly probe: JsonObject;
  readonly container: ContainerSpec;
  readonly podIp: string;
  /** Ask more often than the period at first. Failures then do not count, so it must not be a liveness probe. */
  readonly isEager: boolean;
  /** Called when enough results in a row say otherwise than before, and every time after that for failures. */
  readonly onResult: (isWell: boolean, problem: string | undefined) => void;
}

/** Asks a container again and again until stopped. */
export class ProbeLoop {
  private readonly startedMs = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private wasWell = false;
  private inARow = 0;
  private lastWell: boolean | undefined;

  constructor(private readonly options: ProbeLoopOptions) {
    this.schedule(Number(options.probe['initialDelaySeconds'] ?? 0) * 1000);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => void this.ask(), delayMs);
    this.timer.unref();
  }

  private async ask(): Promise<void> {
    const { probe, container, podIp } = this.options;
    const problem = await runProbe(probe, container, podIp);
    if (this.stopped) return;
    this.record(problem);
    const periodMs = Number(probe['periodSeconds'] ?? 10) * 1000;
    const isEager = this.options.isEager && !this.wasWell && Date.now() - this.startedMs < EAGER_FOR_MS;
    if (!this.stopped) this.schedule(isEager ? Math.min(periodMs, EAGER_INTERVAL_MS) : periodMs);
  }

  private record(problem: string | undefined): void {
    const isWell = problem === undefined;
    this.inARow = isWell === this.lastWell ? this.inARow + 1 : 1;
    this.lastWell = isWell;
    const { probe } = this.options;
    const threshold = Number(
      (isWell ? probe['successThreshold'] : probe['failureThreshold']) ?? (isWell ? 1 : 3),
    );
    if (this.inARow < threshold) return;
    if (isWell) this.wasWell = true;
    this.options.onResult(isWell, problem);
  }
}
