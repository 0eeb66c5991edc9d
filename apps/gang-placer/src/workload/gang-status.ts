import type { Pod, PodGang } from '@penstock/contracts';
import type { GangMember } from './plan-gang.js';
import { isAlive, isReady, isScheduled } from './pod-state.js';
import { type Finding, setCondition } from './set-condition.js';

type Status = NonNullable<PodGang['status']>;

/** Why a gang is not scheduled, when nobody who places it has said more. */
const NOT_SCHEDULED_YET = 'PodGangNotScheduled';

/** Phase and conditions of a gang from its pods. What else its status holds (the placer's) is kept. */
export function gangStatus(
  gang: PodGang,
  member: (group: string) => GangMember,
  initialized: boolean,
  nowMs: number,
): Status {
  const groups = gang.spec.podgroups.map(({ name, minReplicas }) => {
    const alive = member(name).pods.filter(isAlive);
    return { name, minReplicas, scheduled: count(alive, isScheduled), ready: count(alive, isReady) };
  });
  const before = gang.status?.conditions ?? [];
  const isAsleep = groups.every(({ minReplicas }) => minReplicas === 0);
  const isScheduledAll = !isAsleep && groups.every((g) => g.scheduled >= g.minReplicas);
  const isReadyAll = isScheduledAll && groups.every((g) => g.ready >= g.minReplicas);
  const missing = (key: 'scheduled' | 'ready') =>
    groups
      .filter((g) => g[key] < g.minReplicas)
      .map((g) => `${g.name}: ${g[key]} of ${g.minReplicas} ${key}`)
      .join('; ');
  const findings: Finding[] = [
    initialized
      ? finding('Initialized', true, 'PodGangPodsCreated', 'all pods exist and are referenced')
      : finding('Initialized', false, 'PodGangPodsCreationPending', 'not all pods exist yet'),
    isScheduledAll
      ? finding('Scheduled', true, 'PodGangScheduled', 'every group has its minimum on nodes')
      : isAsleep
        ? finding('Scheduled', false, NOT_SCHEDULED_YET, 'all cliques are asleep')
        : explained(gang, missing('scheduled')),
    isReadyAll
      ? finding('Ready', true, 'PodGroupsReady', 'every group has its minimum ready')
      : finding('Ready', false, 'PodGroupsNotReady', isAsleep ? 'all cliques are asleep' : missing('ready')),
  ];
  const anyScheduled = groups.some(({ scheduled }) => scheduled > 0);
  return {
    ...gang.status,
    phase: isReadyAll ? 'Running' : isScheduledAll || anyScheduled ? 'Starting' : 'Pending',
    conditions: findings.reduce(
      (all, one) => setCondition(all, one, gang.metadata.generation, nowMs),
      [...before],
    ),
  };
}

/** The placer says more precisely why a gang waits: its words stay while the gang waits. */
function explained(gang: PodGang, message: string): Finding {
  const before = gang.status?.conditions?.find(({ type }) => type === 'Scheduled');
  return before?.status === 'False' && before.reason !== NOT_SCHEDULED_YET
    ? finding('Scheduled', false, before.reason, before.message)
    : finding('Scheduled', false, NOT_SCHEDULED_YET, message);
}

function finding(type: string, holds: boolean, reason: string, message: string): Finding {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

function count(pods: readonly Pod[], is: (pod: Pod) => boolean): number {
  return pods.filter(is).length;
}
