import type { Filter } from '../filters/filter.js';
import type { Scorer } from '../scorers/scorer.js';
import { seededChoice } from '../seeded-choice.js';
import type { CandidateScore, PrefixSource, RoutingDecision, RoutingInput, RoutingPolicy } from '../types.js';
import { eligible, nothingEligible } from './eligible.js';

const LEADING = 5;

export interface ScoredPolicyOptions {
  readonly name: string;
  readonly prefixSource: PrefixSource;
  readonly filters?: readonly Filter[];
  readonly scorers: ReadonlyArray<{ readonly scorer: Scorer; readonly weight: number }>;
}

/**
 * Filters, then Σ score × weight, then the highest total; ties are broken by the seed. Without scorers that is a
 * random choice.
 */
export class ScoredPolicy implements RoutingPolicy {
  readonly name: string;
  readonly prefixSource: PrefixSource;
  private scores: Float64Array[] = [];
  private totals = new Float64Array(0);

  constructor(private readonly options: ScoredPolicyOptions) {
    this.name = options.name;
    this.prefixSource = options.prefixSource;
  }

  decide(input: RoutingInput): RoutingDecision {
    const { candidates: all, excluded: out } = eligible(input);
    if (all.length === 0) {
      return { policy: this.name, chosen: -1, leading: [], excluded: out, reason: nothingEligible(out) };
    }
    const excluded: Record<string, number> = { ...out };
    let candidates = all;
    for (const filter of this.options.filters ?? []) {
      const kept = filter.keep(input, candidates);
      if (kept.length < candidates.length) excluded[filter.name] = candidates.length - kept.length;
      candidates = kept;
    }
    this.score(input, candidates);
    const chosen = this.pick(input, candidates);
    return {
      policy: this.name,
      chosen: candidates[chosen]!,
      leading: this.leading(input, candidates, chosen),
      excluded,
      reason: this.reason(input, candidates, chosen),
    };
  }

  private score(input: RoutingInput, candidates: readonly number[]): void {
    const { scorers } = this.options;
    if (this.totals.length < candidates.length) {
      this.totals = new Float64Array(candidates.length * 2);
      this.scores = scorers.map(() => new Float64Array(candidates.length * 2));
    }
    this.totals.fill(0, 0, candidates.length);
    for (let s = 0; s < scorers.length; s++) {
      const { scorer, weight } = scorers[s]!;
      const scores = this.scores[s]!;
      scorer.score(input, candidates, scores);
      for (let i = 0; i < candidates.length; i++) this.totals[i]! += scores[i]! * weight;
    }
  }

  private pick(input: RoutingInput, candidates: readonly number[]): number {
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < candidates.length; i++) best = Math.max(best, this.totals[i]!);
    const tied: number[] = [];
    for (let i = 0; i < candidates.length; i++) if (this.totals[i] === best) tied.push(i);
    return tied[seededChoice(input.request.seed, input.request.ordinal, tied.length)]!;
  }

  /** The chosen one first, then by falling total. */
  private leading(input: RoutingInput, candidates: readonly number[], chosen: number): CandidateScore[] {
    const order: number[] = [chosen];
    for (let i = 0; i < candidates.length; i++) {
      if (i === chosen) continue;
      let at = order.length;
      while (at > 1 && this.totals[order[at - 1]!]! < this.totals[i]!) at--;
      if (at >= LEADING) continue;
      order.splice(at, 0, i);
      if (order.length > LEADING) order.pop();
    }
    return order.map((i) => ({
      endpointId: input.endpoints[candidates[i]!]!.id,
      total: this.totals[i]!,
      scores: Object.fromEntries(
        this.options.scorers.map(({ scorer }, s) => [scorer.name, this.scores[s]![i]!]),
      ),
      matchedTokens: input.matchedTokens[candidates[i]!] ?? 0,
    }));
  }

  private reason(input: RoutingInput, candidates: readonly number[], chosen: number): string {
    const { scorers } = this.options;
    if (scorers.length === 0) return `random among ${candidates.length} endpoints`;
    const parts = scorers.map(
      ({ scorer, weight }, s) => `${scorer.name} ${this.scores[s]![chosen]!.toFixed(2)}×${weight}`,
    );
    const matched = input.matchedTokens[candidates[chosen]!] ?? 0;
    const cached =
      this.prefixSource === 'none' ? '' : `; holds ${matched} of ${input.request.promptTokens} prompt tokens`;
    return `highest score ${this.totals[chosen]!.toFixed(2)} of ${candidates.length} endpoints (${parts.join(', ')})${cached}`;
  }
}
