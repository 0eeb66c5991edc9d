import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one answer may hold up other requests, in ms. */
const TURN_MS = 2;
const CLOCK_EVERY = 16;

/** Says when a long answer is to let other requests go between. */
export class Turn {
  private sinceMs = performance.now();
  private steps = 0;

  /** To be asked after every small step. */
  isOver(): boolean {
    return ++this.steps % CLOCK_EVERY === 0 && performance.now() - this.sinceMs >= TURN_MS;
  }

  /** Resolves when the others had theirs. */
  async next(): Promise<void> {
    await nextTurn();
    this.sinceMs = performance.now();
  }
}
