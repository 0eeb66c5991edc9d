import { RetryDelays } from '../retry-delays.js';

/** When pods that keep failing on a node are replaced: at once, then after ever longer waits. */
export class FailedPodDelays {
  private readonly delays = new RetryDelays<string>();
  private readonly notBeforeMs = new Map<string, number>();

  /** @returns 0 when a failed pod of this key may be replaced now, which counts, else the time to wait */
  nextMs(key: string, nowMs: number): number {
    const leftMs = (this.notBeforeMs.get(key) ?? 0) - nowMs;
    if (leftMs > 0) return leftMs;
    this.notBeforeMs.set(key, nowMs + this.delays.nextMs(key));
    return 0;
  }

  /** The DaemonSet with this uid is gone. */
  forget(uid: string): void {
    for (const key of [...this.notBeforeMs.keys()].filter((known) => known.startsWith(`${uid}/`))) {
      this.notBeforeMs.delete(key);
      this.delays.succeeded(key);
    }
  }
}
