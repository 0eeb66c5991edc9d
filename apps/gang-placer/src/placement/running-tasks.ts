import { ClusterError } from '@penstock/core/ports';
import type { Logger } from 'pino';
import { NotLeadingError } from '../controllers/fenced-writer.js';
import { LookAgainError } from './gang-tasks.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;

interface Pause {
  readonly untilMs: number;
  readonly lengthMs: number;
  /** What went wrong; absent when the watch is only behind. */
  readonly problem: string | undefined;
}

/** One task per gang at a time; a gang whose task failed rests, longer each time. */
export class RunningTasks {
  private readonly tasks = new Map<string, Promise<void>>();
  private readonly pauses = new Map<string, Pause>();

  /** @param ended called when a task has ended */
  constructor(
    private readonly logger: Logger,
    private readonly ended: () => void,
  ) {}

  /** Whether nothing may be begun for the gang now. */
  isBusy(key: string): boolean {
    const pause = this.pauses.get(key);
    return this.tasks.has(key) || (pause !== undefined && performance.now() < pause.untilMs);
  }

  /** What went wrong with a gang that rests because of it; undefined when nothing did. */
  problem(): string | undefined {
    for (const [key, { problem }] of this.pauses) if (problem !== undefined) return `gang ${key}: ${problem}`;
    return undefined;
  }

  /** Keys of the gangs that rest. */
  resting(): string[] {
    return [...this.pauses.keys()];
  }

  /** Forgets a gang that is gone. */
  forget(key: string): void {
    this.pauses.delete(key);
  }

  /** Milliseconds until the first gang has rested; undefined when none rests. */
  nextInMs(): number | undefined {
    let next: number | undefined;
    for (const { untilMs } of this.pauses.values()) next = Math.min(next ?? untilMs, untilMs);
    return next === undefined ? undefined : Math.max(1, next - performance.now());
  }

  start(key: string, work: () => Promise<void>): void {
    const task = this.run(key, work).finally(() => {
      this.tasks.delete(key);
      this.ended();
    });
    this.tasks.set(key, task);
  }

  /** Resolves when everything that runs now has ended. */
  async settle(): Promise<void> {
    await Promise.all(this.tasks.values());
  }

  private async run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.pauses.get(key);
    try {
      await work();
      this.pauses.delete(key);
    } catch (error) {
      if (error instanceof NotLeadingError) return;
      const wanted = Math.min(LONGEST_PAUSE_MS, (before?.lengthMs ?? FIRST_PAUSE_MS / 2) * 2);
      const retryAfterMs = error instanceof ClusterError ? (error.retryAfterMs ?? 0) : 0;
      const lengthMs = Math.max(wanted, retryAfterMs);
      const isBehind = error instanceof LookAgainError;
      const problem = isBehind ? undefined : String(error instanceof Error ? error.message : error);
      this.pauses.set(key, { untilMs: performance.now() + lengthMs, lengthMs: wanted, problem });
      const level = isBehind ? 'debug' : 'warn';
      this.logger[level](
        { err: error, gang: key, delayMs: lengthMs },
        'a step of a gang failed; trying again',
      );
    }
  }
}
