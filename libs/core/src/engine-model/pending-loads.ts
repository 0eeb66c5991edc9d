import type { EngineRequest } from './engine-request.js';
import type { Sequence } from './sequence.js';

/** A load on its way to the GPU. */
export interface PendingLoad<R extends EngineRequest> {
  readonly sequence: Sequence<R>;
  /** First block that is loaded, and the one after the last. */
  readonly fromBlock: number;
  readonly untilBlock: number;
  readonly endsMs: number;
  /** Its request is gone: the blocks are written all the same and must not be used until then. */
  abandoned: boolean;
}

/** Sums of step durations are not exact. */
const ROUNDING_MS = 1e-6;

/**
 * The loads of one engine: one link, so one after the other. Time is the sum of the step durations while there are
 * any; when there are none the link is free and time does not matter.
 */
export class PendingLoads<R extends EngineRequest> {
  private readonly loads: PendingLoad<R>[] = [];
  private nowMs = 0;

  get size(): number {
    return this.loads.length;
  }

  /** Loads whose requests are still there. */
  get live(): number {
    return this.loads.reduce((count, load) => count + (load.abandoned ? 0 : 1), 0);
  }

  /** Until a load that starts now gets the link. */
  get linkWaitMs(): number {
    const last = this.loads.at(-1);
    return last ? last.endsMs - this.nowMs : 0;
  }

  /** Until the next load ends. Only while there is one. */
  get nextEndMs(): number {
    return this.loads[0]!.endsMs - this.nowMs;
  }

  start(sequence: Sequence<R>, fromBlock: number, untilBlock: number, durationMs: number): void {
    const endsMs = this.nowMs + this.linkWaitMs + durationMs;
    this.loads.push({ sequence, fromBlock, untilBlock, endsMs, abandoned: false });
  }

  /** Whether block `index` of a sequence is on its way for another one. Content stands for the whole prefix. */
  isLoading(sequence: Sequence<R>, index: number): boolean {
    return this.loads.some(
      (load) =>
        !load.abandoned &&
        load.fromBlock <= index &&
        index < load.untilBlock &&
        load.sequence.contentOf(index) === sequence.contentOf(index),
    );
  }

  /** The request of a load has gone. False when the sequence loads nothing. */
  abandon(sequence: Sequence<R>): boolean {
    const load = this.loads.find((l) => l.sequence === sequence);
    if (load) load.abandoned = true;
    return load !== undefined;
  }

  /** Lets time pass; returns the loads that ended, in order. */
  advance(ms: number): PendingLoad<R>[] {
    if (this.loads.length === 0) return [];
    this.nowMs += ms;
    let ended = 0;
    while (ended < this.loads.length && this.loads[ended]!.endsMs <= this.nowMs + ROUNDING_MS) ended++;
    const taken = this.loads.splice(0, ended);
    if (this.loads.length === 0) this.nowMs = 0;
    return taken;
  }
}
