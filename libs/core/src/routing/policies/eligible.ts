import type { RoutingInput } from '../types.js';

/** The endpoints that may be chosen, and why the others may not. */
export interface Eligible {
  readonly candidates: readonly number[];
  /** Counts by reason. */
  readonly excluded: Readonly<Record<string, number>>;
}

/** Splits the endpoints of a decision by their `excluded` mark. */
export function eligible(input: RoutingInput): Eligible {
  const candidates: number[] = [];
  const excluded: Record<string, number> = {};
  for (let i = 0; i < input.endpoints.length; i++) {
    const reason = input.endpoints[i]!.excluded;
    if (reason === undefined) candidates.push(i);
    else excluded[reason] = (excluded[reason] ?? 0) + 1;
  }
  return { candidates, excluded };
}

/** Why nothing can be chosen, for people. */
export function nothingEligible(excluded: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(excluded).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? 'there are no endpoints' : `no endpoint is eligible: ${reasons.join(', ')}`;
}
