import type { Refusal } from '@penstock/core/placement';

/** Why pods of a gang have no node. */
export interface Wait {
  /** For the condition: one word. */
  readonly reason: 'Unschedulable' | 'UnsupportedPod';
  /** One sentence. */
  readonly message: string;
  /** Names of the pods that have no node. */
  readonly pods: readonly string[];
  /** Absent when the solver was not asked. */
  readonly refusal: Refusal | undefined;
}

interface Entry {
  readonly wait: Wait;
  readonly fingerprint: string;
  readonly capacityEpoch: number;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Part of the time that a gang which does not fit may take of the placer: one tenth. */
const REST_FACTOR = 10;
const LONGEST_REST_MS = 5_000;

/** Gangs that could not be placed, and when it is worth trying again: not before something changed. On any steady clock. */
export class WaitingGangs {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly retryMs: number) {}

  get(key: string): Wait | undefined {
    return this.entries.get(key)?.wait;
  }

  keys(): IterableIterator<string> {
    return this.entries.keys();
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  /** @param costMs what the decision took: a costly one rests longer, whatever changes */
  add(
    key: string,
    wait: Wait,
    fingerprint: string,
    capacityEpoch: number,
    nowMs: number,
    costMs: number,
  ): void {
    const earliestMs = nowMs + Math.min(LONGEST_REST_MS, REST_FACTOR * costMs);
    const latestMs = Math.max(earliestMs, nowMs + this.retryMs);
    this.entries.set(key, { wait, fingerprint, capacityEpoch, earliestMs, latestMs });
  }

  /** Whether trying again now could end otherwise. */
  isDue(key: string, fingerprint: string, capacityEpoch: number, nowMs: number): boolean {
    const entry = this.entries.get(key);
    if (!entry || entry.fingerprint !== fingerprint || nowMs >= entry.latestMs) return true;
    return entry.capacityEpoch !== capacityEpoch && nowMs >= entry.earliestMs;
  }

  /** When the next gang is due by itself, those left out that are being worked on; undefined when none waits. */
  nextMs(capacityEpoch: number, isBusy: (key: string) => boolean): number | undefined {
    let next: number | undefined;
    for (const [key, entry] of this.entries) {
      if (isBusy(key)) continue;
      const dueMs = entry.capacityEpoch === capacityEpoch ? entry.latestMs : entry.earliestMs;
      next = Math.min(next ?? dueMs, dueMs);
    }
    return next;
  }
}
