import type { GangPlacement } from '@penstock/contracts';
import { placeGang, type Refusal } from '@penstock/core/placement';
import { buildSnapshot } from '../placement/build-snapshot.js';
import { gangRequest, podProblems } from '../placement/gang-request.js';
import type { GangState } from '../placement/gang-state.js';
import { type GangSummary, gangSummary } from '../placement/gang-summary.js';
import type { PlacementPart } from '../placement/placement-part.js';
import { seedOf } from '../placement/seed-of.js';

export interface GangExplanation {
  readonly summary: GangSummary;
  readonly placement: GangPlacement | undefined;
  /** Uids of the pods that are bound where the placement says. */
  readonly bound: ReadonlySet<string>;
  /** What stands in the way now; absent when nothing does. */
  readonly refusal: Refusal | undefined;
}

/**
 * Why a gang is where it is, or nowhere. What stands in its way is asked of the solver anew, on the cluster as this
 * replica sees it: any replica can answer, also one that does not decide. Undefined for an unknown gang.
 */
export function explainGang(
  part: PlacementPart,
  key: string,
  maxSearchSteps: number,
  nowMs: number,
): GangExplanation | undefined {
  const state = part.look(key);
  if (!state) return undefined;
  const { summary, refusal } = whyItWaits(part, key, state, maxSearchSteps, nowMs);
  const bound = new Set(
    state.groups.flatMap((group) => group.bound.map(({ pod }) => pod.metadata.uid ?? '')),
  );
  return { summary, placement: state.placement, bound, refusal };
}

function whyItWaits(
  part: PlacementPart,
  key: string,
  state: GangState,
  maxSearchSteps: number,
  nowMs: number,
): Pick<GangExplanation, 'summary' | 'refusal'> {
  const known = part.waiting.get(key);
  const first = gangSummary(state, known?.message ?? '', nowMs);
  if (first.state !== 'waiting' && first.state !== 'lost') return { summary: first, refusal: known?.refusal };
  const problems = podProblems(state);
  if (problems.length > 0) return { summary: { ...first, reason: problems.join('; ') }, refusal: undefined };
  const { cluster } = buildSnapshot(part.view, part.store);
  const seed = seedOf(state.gang.metadata.uid ?? '');
  const outcome = placeGang(cluster, gangRequest(state), { seed, maxSearchSteps });
  if (outcome.placed)
    return { summary: { ...first, reason: 'it fits now: about to be placed' }, refusal: undefined };
  return { summary: { ...first, reason: outcome.refusal.message }, refusal: outcome.refusal };
}
