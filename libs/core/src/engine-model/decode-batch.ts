import TinyQueue from 'tinyqueue';
import type { EngineRequest } from './engine-request.js';
import type { Sequence } from './sequence.js';

interface Finish<R extends EngineRequest> {
  readonly step: number;
  readonly admission: number;
  readonly sequence: Sequence<R>;
}

/**
 * The sequences that decode one token per step. A decoding sequence is never skipped, so its progress follows
 * from the step number, and it needs attention only when it fills a block, needs a new one, or ends: members are
 * kept by phase (step modulo block size) and in a queue by last step.
 */
export class DecodeBatch<R extends EngineRequest> {
  private readonly phases: Sequence<R>[][];
  private readonly finishes = new TinyQueue<Finish<R>>(
    [],
    (a, b) => a.step - b.step || a.admission - b.admission,
  );
  size = 0;
  /** Σ tokens that the members attend to in the next step. */
  contextTokens = 0;

  constructor(private readonly blockSize: number) {
    this.phases = Array.from({ length: blockSize }, () => []);
  }

  /** `sequence` produced a token in `step` by prefill and decodes from the next step on. */
  add(sequence: Sequence<R>, step: number): void {
    const { blockSize } = this;
    sequence.decoding = true;
    sequence.firstDecodeStep = step + 1;
    sequence.allocationPhase = (((step + 1 - sequence.computedTokens) % blockSize) + blockSize) % blockSize;
    this.phases[sequence.allocationPhase]!.push(sequence);
    this.finishes.push({
      step: step + sequence.request.outputTokens - sequence.emittedTokens,
      admission: sequence.admission,
      sequence,
    });
    this.size++;
    this.contextTokens += sequence.computedTokens + 1;
  }

  /** Brings the sequence's counters up to date with `completedStep` and takes it out. */
  remove(sequence: Sequence<R>, completedStep: number): void {
    const steps = completedStep - sequence.firstDecodeStep + 1;
    sequence.computedTokens += steps;
    sequence.emittedTokens += steps;
    sequence.decoding = false;
    const members = this.phases[sequence.allocationPhase]!;
    members.splice(members.indexOf(sequence), 1);
    this.size--;
    this.contextTokens -= sequence.computedTokens + 1;
  }

  /** Every member attends to one token more: after each step, before members are added or removed. */
  advance(): void {
    this.contextTokens += this.size;
  }

  /** Members whose next token opens a new block in `step`, oldest admission first. */
  openingBlockIn(step: number): readonly Sequence<R>[] {
    return this.phases[step % this.blockSize]!;
  }

  /** Members whose token of `step` fills their last block, oldest admission first. */
  fillingBlockIn(step: number): readonly Sequence<R>[] {
    return this.phases[(step + 1) % this.blockSize]!;
  }

  /** A member whose last token is produced by `step`, oldest admission first; undefined when there is none. */
  finishedIn(step: number): Sequence<R> | undefined {
    for (;;) {
      const head = this.finishes.peek();
      if (!head || head.step > step) return undefined;
      this.finishes.pop();
      // Entries of sequences preempted or aborted since are stale.
      if (head.sequence.decoding && head.sequence.admission === head.admission) return head.sequence;
    }
  }
}
