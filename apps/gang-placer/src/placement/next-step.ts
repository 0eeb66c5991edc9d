import type { Pod } from '@penstock/contracts';
import { boundCount, type GangState, hasMinimum } from './gang-state.js';

/**
 * What is to be done about a gang now.
 * - `evict`: the decision was given up with pods bound, or they are on nodes that are gone; they go.
 * - `bind`: pods have their node by decision, but are not bound to it.
 * - `decide`: pods need a decision.
 * - `record`: the placement does not say what is: pods bound otherwise, or gone.
 * - `finish`: everything decided is bound; say so.
 * - `wait`: for pods, gates or nothing.
 */
export type Step =
  | { readonly kind: 'evict'; readonly pods: readonly Pod[] }
  | { readonly kind: 'bind' | 'decide' | 'record' | 'finish' }
  | { readonly kind: 'wait'; readonly for: 'creation' | 'gates' | 'foreign' | 'nothing' };

/** The order matters: what was promised comes before new promises. */
export function nextStep(state: GangState): Step {
  const { gang, groups, placement, phase, pending, undecided, obsolete, unrecorded, wasComplete } = state;
  if (gang.metadata.deletionTimestamp) return { kind: 'wait', for: 'nothing' };
  if (placement && phase === 'Abandoned' && !wasComplete) {
    const recorded = new Set(placement.spec.assignments.map(({ uid }) => uid));
    const pods = groups
      .flatMap(({ bound, stranded }) => [...bound.map(({ pod }) => pod), ...stranded])
      .filter(({ metadata }) => recorded.has(metadata.uid ?? ''));
    if (pods.length > 0) return { kind: 'evict', pods };
  }
  if (pending.length > 0) return { kind: 'bind' };
  // A pod that is lost before its gang was complete is no use to it: what is left of it holds the name of the next.
  const stranded = wasComplete || !placement ? [] : groups.flatMap((group) => group.stranded);
  if (stranded.length > 0) return { kind: 'evict', pods: stranded };
  if (unrecorded.length > 0 || (placement && holds(phase) && obsolete.length > 0)) return { kind: 'record' };
  if (placement && holds(phase) && !isTold(state)) return { kind: 'finish' };
  const open = groups.filter((group) => !isCoverable(group, wasComplete));
  if (undecided.length > 0 && state.initialized && open.length === 0) return { kind: 'decide' };
  if (!state.initialized) return { kind: 'wait', for: 'creation' };
  if (hasMinimum(state)) return { kind: 'wait', for: 'nothing' };
  if (open.some(({ foreign }) => foreign > 0)) return { kind: 'wait', for: 'foreign' };
  return { kind: 'wait', for: open.some(({ gated }) => gated > 0) ? 'gates' : 'creation' };
}

/** Phase of a decision that has no pods left to bind. */
export function finalPhase(state: GangState): 'Bound' | 'Binding' {
  return state.wasComplete || hasMinimum(state) ? 'Bound' : 'Binding';
}

/** Whether the status says what is. */
function isTold(state: GangState): boolean {
  const { placement, phase, wasComplete } = state;
  return (
    phase === finalPhase(state) &&
    placement?.status?.boundPods === boundCount(state) &&
    (wasComplete || !hasMinimum(state))
  );
}

/** Whether the group has the pods that its minimum needs. A gang that was complete is repaired pod by pod. */
function isCoverable(
  { bound, free, minReplicas }: GangState['groups'][number],
  wasComplete: boolean,
): boolean {
  return wasComplete || bound.length + free.length >= minReplicas;
}

function holds(phase: GangState['phase']): boolean {
  return phase !== 'Superseded' && phase !== 'Abandoned';
}
