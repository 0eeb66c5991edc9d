import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type FailurePlan, failurePlan } from '../options/failure-plan.js';

/** Decides, with a seed, which requests fail under the plan in force. */
export class Failures {
  private readonly random;
  private current: FailurePlan;
  private waiting: Array<() => void> = [];

  constructor(seed: number, initial: FailurePlan) {
    this.random = xoroshiro128plus(seed);
    this.current = initial;
  }

  get plan(): FailurePlan {
    return this.current;
  }

  /** Replaces the plan; fields left out are off. Throws a ZodError when the plan is not one. */
  set(plan: unknown): FailurePlan {
    this.current = failurePlan.parse(plan);
    if (this.current.hang !== 'server') {
      for (const resume of this.waiting) resume();
      this.waiting = [];
    }
    return this.current;
  }

  /** Resolves once the server does not hang. */
  async untilAnswering(): Promise<void> {
    if (this.current.hang === 'server') await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Whether this request is answered with an error. */
  drawError(): boolean {
    return this.draw(this.current.errorRate);
  }

  /** Whether this stream is cut after its first token. */
  drawCut(): boolean {
    return this.draw(this.current.cutRate);
  }

  private draw(rate: number): boolean {
    return rate > 0 && (this.random.next() >>> 0) / 2 ** 32 < rate;
  }
}
