import type { Evaluation } from './evaluate-pools.js';
import type { VariantProblem } from './variant-view.js';

/** What was last recommended, or why nothing can be. */
export class RecommendationBoard {
  private evaluations = new Map<string, Evaluation>();
  private problems = new Map<string, VariantProblem>();
  private waiting: ReadonlySet<string> = new Set();
  private isShown = false;

  /** Replaces everything. @param waiting keys of variants about which not enough is known yet */
  show(
    evaluations: readonly Evaluation[],
    problems: readonly VariantProblem[],
    waiting: readonly string[],
  ): void {
    this.evaluations = new Map(evaluations.map((each) => [each.decision.key, each]));
    this.problems = new Map(problems.map((each) => [each.key, each]));
    this.waiting = new Set(waiting);
    this.isShown = true;
  }

  /** Whether a variant may well exist about which nothing can be said yet. */
  isWaiting(key: string): boolean {
    return !this.isShown || this.waiting.has(key);
  }

  /** Replaces some. */
  update(evaluations: readonly Evaluation[]): void {
    for (const each of evaluations) this.evaluations.set(each.decision.key, each);
  }

  evaluation(key: string): Evaluation | undefined {
    return this.evaluations.get(key);
  }

  problem(key: string): VariantProblem | undefined {
    return this.problems.get(key);
  }

  all(): Evaluation[] {
    return [...this.evaluations.values()];
  }
}
