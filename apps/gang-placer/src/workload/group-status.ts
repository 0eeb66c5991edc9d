import {
  GANG_PLACER_MANAGER,
  GROVE_LABELS,
  type PodClique,
  type PodCliqueScalingGroup,
} from '@penstock/contracts';
import { effectiveMinimum } from './clique-status.js';
import { type Finding, isTrue, setCondition } from './set-condition.js';

type Status = NonNullable<PodCliqueScalingGroup['status']>;

/** The cliques of one replica of a group that exist and are not being deleted. */
export type GroupReplica = readonly PodClique[];

/** Status of a scaling group from the statuses of its cliques. `isCurrent`: follows the set's template. */
export function groupStatus(
  group: PodCliqueScalingGroup,
  replicas: readonly GroupReplica[],
  isCurrent: (clique: PodClique) => boolean,
  nowMs: number,
): Status {
  const wanted = group.spec.replicas ?? 1;
  const whole = replicas.filter((cliques) => cliques.length === group.spec.cliqueNames.length);
  const scheduled = whole.filter((cliques) =>
    cliques.every(({ status }) => isTrue(status?.conditions, 'PodCliqueScheduled')),
  );
  const available = scheduled.filter((cliques) =>
    cliques.every((clique) => (clique.status?.readyReplicas ?? 0) >= effectiveMinimum(clique)),
  );
  const updated = available.filter((cliques) =>
    cliques.every(
      (clique) => isCurrent(clique) && clique.status?.updatedReplicas === clique.status?.replicas,
    ),
  );
  const healthy = whole.filter((cliques) =>
    cliques.every(({ status }) => !isTrue(status?.conditions, 'MinAvailableBreached')),
  );
  const { generation, name, labels = {} } = group.metadata;
  const finding = breached(healthy.length, Math.min(group.spec.minAvailable ?? 1, wanted));
  return {
    ...group.status,
    observedGeneration: generation,
    replicas: replicas.filter((cliques) => cliques.length > 0).length,
    scheduledReplicas: scheduled.length,
    availableReplicas: available.length,
    updatedReplicas: updated.length,
    selector: [
      `${GROVE_LABELS.managedBy}=${GANG_PLACER_MANAGER}`,
      `${GROVE_LABELS.partOf}=${labels[GROVE_LABELS.partOf] ?? ''}`,
      `${GROVE_LABELS.podCliqueScalingGroup}=${name}`,
    ].join(','),
    conditions: setCondition(group.status?.conditions ?? [], finding, generation, nowMs),
  };
}

function breached(healthy: number, minimum: number): Finding {
  const type = 'MinAvailableBreached';
  const message = `${healthy} replicas are ready or starting, at least ${minimum} must be`;
  return healthy < minimum
    ? { type, status: 'True', reason: 'InsufficientAvailablePodCliqueScalingGroupReplicas', message }
    : { type, status: 'False', reason: 'SufficientAvailablePodCliqueScalingGroupReplicas', message };
}
