import { GANG_PLACER_MANAGER, GROVE_LABELS, type Pod, type PodClique } from '@penstock/contracts';
import { isAlive, isGated, isReady, isScheduled, isUnhealthy, templateHashOf } from './pod-state.js';
import { type Finding, setCondition } from './set-condition.js';

type Status = NonNullable<PodClique['status']>;

/** Pods that the clique must have, while it is awake, for its gang to serve. */
export function effectiveMinimum({ spec: { replicas = 1, minAvailable } }: PodClique): number {
  return Math.min(minAvailable ?? replicas, replicas);
}

/** Status of a clique from its own pods. `updating`: outdated pods are being replaced. */
export function cliqueStatus(
  clique: PodClique,
  pods: readonly Pod[],
  updating: boolean,
  nowMs: number,
): Status {
  const alive = pods.filter(isAlive);
  const updated = alive.filter((pod) => templateHashOf(pod) === templateHashOf(clique));
  const counts = {
    replicas: alive.length,
    readyReplicas: alive.filter(isReady).length,
    updatedReplicas: updated.length,
    scheduleGatedReplicas: alive.filter(isGated).length,
    scheduledReplicas: alive.filter(isScheduled).length,
  };
  const minimum = effectiveMinimum(clique);
  const unhealthy = alive.filter((pod) => isScheduled(pod) && isUnhealthy(pod)).length;
  const findings = [
    scheduled(minimum, counts.scheduledReplicas),
    updating ? UPDATING : breached(minimum, counts.scheduledReplicas, unhealthy),
  ];
  const { generation } = clique.metadata;
  return {
    ...clique.status,
    observedGeneration: generation,
    ...counts,
    hpaPodSelector: selectorOf(clique),
    ...(updated.length === alive.length ? { currentPodTemplateHash: templateHashOf(clique) } : {}),
    conditions: findings.reduce(
      (all, finding) => setCondition(all, finding, generation, nowMs),
      clique.status?.conditions ?? [],
    ),
  };
}

const UPDATING: Finding = {
  type: 'MinAvailableBreached',
  status: 'Unknown',
  reason: 'UpdateInProgress',
  message: 'pods of an older template are being replaced',
};

function scheduled(minimum: number, found: number): Finding {
  const enough = found >= minimum;
  return {
    type: 'PodCliqueScheduled',
    status: enough ? 'True' : 'False',
    reason: enough ? 'SufficientScheduledPods' : 'InsufficientScheduledPods',
    message: `${found} pods are scheduled, at least ${minimum} must be`,
  };
}

function breached(minimum: number, found: number, unhealthy: number): Finding {
  const type = 'MinAvailableBreached';
  if (found < minimum) {
    const message = `${found} pods are scheduled, at least ${minimum} must be`;
    return { type, status: 'True', reason: 'ScheduledReplicasBelowMinAvailable', message };
  }
  const healthy = found - unhealthy;
  const message = `${healthy} pods are ready or starting, at least ${minimum} must be`;
  return healthy < minimum
    ? { type, status: 'True', reason: 'InsufficientReadyPods', message }
    : { type, status: 'False', reason: 'SufficientReadyPods', message };
}

/** What an autoscaler counts; a clique of a scaling group is scaled by its group. */
function selectorOf({ metadata: { name, labels = {} } }: PodClique): string | undefined {
  if (labels[GROVE_LABELS.podCliqueScalingGroup] !== undefined) return undefined;
  const set = labels[GROVE_LABELS.partOf] ?? '';
  return [
    `${GROVE_LABELS.managedBy}=${GANG_PLACER_MANAGER}`,
    `${GROVE_LABELS.partOf}=${set}`,
    `${GROVE_LABELS.podClique}=${name}`,
  ].join(',');
}
