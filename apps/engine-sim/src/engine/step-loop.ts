import type { VirtualClock } from './virtual-clock.js';

/** What the loop drives. */
export interface Stepper {
  /** Starts a step at virtual time `atMs`; undefined when there is nothing to do. */
  begin(atMs: number): { readonly durationMs: number } | undefined;
  /** Ends it at virtual time `atMs`. */
  end(atMs: number): void;
  /** Called once after one or more steps ended. */
  flush(): void;
}

/** Longest time to catch up in one go, so that connections stay served when the machine is too slow. */
const CATCH_UP_WALL_MS = 20;

/**
 * Runs steps in real time. A timer that fires late ends every step that is due, and each step starts when the one
 * before ended, so lateness never adds up.
 */
export class StepLoop {
  private stepEndsAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private running = false;
  private paused = false;
  /** Virtual ms by which the end of the last step was processed late. */
  lagMs = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly stepper: Stepper,
  ) {}

  /** Virtual time as the steps have it: it stands while the machine is behind, not while the loop is paused. */
  get nowMs(): number {
    const nowMs = this.clock.nowMs();
    return this.running && !this.paused ? Math.min(nowMs, this.stepEndsAtMs) : nowMs;
  }

  /** Call when there is work: starts a step unless one runs. */
  wake(): void {
    if (this.running || this.paused) return;
    this.startStep(this.clock.nowMs());
    this.schedule();
  }

  /** No step ends until `resume`; then the step in flight ends at once. */
  pause(): void {
    this.paused = true;
    this.cancel();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.running) {
      this.wake();
      return;
    }
    this.stepEndsAtMs = Math.max(this.stepEndsAtMs, this.clock.nowMs());
    this.schedule();
  }

  stop(): void {
    this.pause();
    this.running = false;
  }

  private startStep(atMs: number): void {
    const step = this.stepper.begin(atMs);
    this.running = step !== undefined;
    if (step) this.stepEndsAtMs = atMs + step.durationMs;
  }

  private readonly tick = (): void => {
    this.timer = undefined;
    this.immediate = undefined;
    const startedAtMs = performance.now();
    let ended = false;
    while (this.running && this.clock.wallMsUntil(this.stepEndsAtMs) <= 0) {
      if (performance.now() - startedAtMs > CATCH_UP_WALL_MS) break;
      this.lagMs = this.clock.nowMs() - this.stepEndsAtMs;
      this.stepper.end(this.stepEndsAtMs);
      this.startStep(this.stepEndsAtMs);
      ended = true;
    }
    if (ended) this.stepper.flush();
    if (!this.paused) this.schedule();
  };

  private schedule(): void {
    this.cancel();
    if (!this.running) return;
    const waitMs = this.clock.wallMsUntil(this.stepEndsAtMs);
    if (waitMs <= 0) this.immediate = setImmediate(this.tick);
    else this.timer = setTimeout(this.tick, Math.ceil(waitMs));
  }

  private cancel(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = undefined;
    this.immediate = undefined;
  }
}
