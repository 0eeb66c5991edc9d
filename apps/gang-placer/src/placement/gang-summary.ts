import type { PodGang } from '@penstock/contracts';
import { boundCount, type GangState, hasMinimum } from './gang-state.js';
import { nextStep } from './next-step.js';
import { completeSince } from './placement-events.js';

/**
 * `creating`: pods are missing. `gated`: pods may not be placed yet. `waiting`: for room. `decided`, `binding`: on the
 * way. `bound`: the minimum is on nodes. `lost`: it was, and is no longer. `asleep`: no pods are wanted.
 */
export const GANG_STATES = [
  'creating',
  'gated',
  'waiting',
  'decided',
  'binding',
  'bound',
  'lost',
  'asleep',
] as const;
export type GangStateName = (typeof GANG_STATES)[number];

/** What `ListGangs` says of a gang. */
export interface GangSummary {
  readonly namespace: string;
  readonly name: string;
  readonly state: GangStateName;
  readonly minimumPods: number;
  readonly pods: number;
  readonly boundPods: number;
  readonly priority: number;
  /** 0 unless it waits for room. */
  readonly waitingMs: number;
  readonly reason: string;
}

/** @param reason why it waits, as the last decision on it said */
export function gangSummary(state: GangState, reason: string, nowMs: number): GangSummary {
  const { gang, groups } = state;
  const name = stateName(state);
  return {
    ...{ namespace: gang.metadata.namespace ?? '', name: gang.metadata.name, state: name },
    minimumPods: groups.reduce((sum, { minReplicas }) => sum + minReplicas, 0),
    pods: groups.reduce((sum, group) => sum + podsIn(group), 0),
    boundPods: boundCount(state),
    priority: priorityOf(state),
    waitingMs: name === 'waiting' ? Math.max(0, nowMs - waitsSince(gang, nowMs)) : 0,
    reason: reason || reasonOf(state, name),
  };
}

/** Of the gang's most important pod. */
export function priorityOf({ groups }: GangState): number {
  let most = 0;
  for (const { free, bound } of groups) {
    for (const { spec } of free) most = Math.max(most, Number(spec?.['priority'] ?? 0));
    for (const { pod } of bound) most = Math.max(most, Number(pod.spec?.['priority'] ?? 0));
  }
  return most;
}

function stateName(state: GangState): GangStateName {
  const { phase, pending, wasComplete, placement, groups } = state;
  if (groups.every((group) => group.minReplicas + podsIn(group) === 0)) return 'asleep';
  if (pending.length > 0) return phase === 'Binding' ? 'binding' : 'decided';
  if (placement && hasMinimum(state) && boundCount(state) > 0) return 'bound';
  if (wasComplete) return 'lost';
  const step = nextStep(state);
  if (step.kind !== 'wait') return boundCount(state) > 0 ? 'binding' : 'waiting';
  return step.for === 'gates' ? 'gated' : 'creating';
}

function reasonOf({ groups, initialized }: GangState, name: GangStateName): string {
  if (groups.some(({ foreign }) => foreign > 0)) return 'its pods name another scheduler';
  if (name === 'gated') return 'pods of its minimum have scheduling gates';
  if (name === 'lost') return 'pods of its minimum are gone';
  if (name !== 'creating') return '';
  return initialized ? 'pods of its minimum are missing' : 'its pods do not all exist yet';
}

function podsIn({ bound, stranded, free, gated, foreign }: GangState['groups'][number]): number {
  return bound.length + stranded.length + free.length + gated + foreign;
}

function waitsSince(gang: PodGang, nowMs: number): number {
  const since = Date.parse(completeSince(gang) ?? gang.metadata.creationTimestamp ?? '');
  return Number.isNaN(since) ? nowMs : since;
}
