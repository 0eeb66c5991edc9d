/** Time inside the simulation: the wall clock since the start, `speed` times faster. */
export class VirtualClock {
  private readonly startedAtMs = performance.now();

  constructor(readonly speed: number) {}

  /** Virtual milliseconds since the start. */
  nowMs(): number {
    return (performance.now() - this.startedAtMs) * this.speed;
  }

  /** Wall milliseconds from now until a virtual time; negative when it has passed. */
  wallMsUntil(virtualMs: number): number {
    return virtualMs / this.speed - (performance.now() - this.startedAtMs);
  }
}
