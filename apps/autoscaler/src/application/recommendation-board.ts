import type { Evaluation } from './evaluate-pools.js';
import type { VariantProblem } from './variant-view.js';

/** What was last recommended, or why nothing can be. */
export class RecommendationBoard {
  private evaluations = new Map<string, Evaluation>();
  private problems = new Map<string, VariantProblem>();

  /** Replaces everything. */
  show(evaluations: readonly Evaluation[], problems: readonly VariantProblem[]): void {
    this.evaluations = new Map(evaluations.map((each) => [each.decision.key, each]));
    this.problems = new Map(problems.map((each) => [each.key, each]));
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
