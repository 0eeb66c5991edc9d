import {
  GANG_PLACER_MANAGER,
  GROVE_LABELS,
  type PodClique,
  type PodCliqueSet,
  type PodGang,
} from '@penstock/contracts';
import type { CliqueInstance } from './instances.js';
import { isTrue } from './set-condition.js';
import type { SetModel } from './set-model.js';
import { stableHash } from './stable-hash.js';

type Status = NonNullable<PodCliqueSet['status']>;

export interface SetParts {
  /** Instances of the template with the cliques that exist for them. */
  readonly cliques: ReadonlyArray<{
    readonly instance: CliqueInstance;
    readonly clique: PodClique | undefined;
    /** Follows the template, and so do all its pods. */
    readonly updated: boolean;
  }>;
  readonly gangs: readonly PodGang[];
  /** Full names of the scaling groups below their minimum. */
  readonly breachedGroups: ReadonlySet<string>;
}

/** The counts of a set's status, from the statuses of its parts. */
export function setStatus(set: SetModel, parts: SetParts): Partial<Status> {
  const replicas = Array.from({ length: set.replicas }, (_, replica) => ({
    cliques: parts.cliques.filter(({ instance }) => instance.setReplica === replica),
  }));
  const existing = replicas.filter(({ cliques }) => cliques.some(({ clique }) => clique));
  const available = existing.filter(({ cliques }) =>
    cliques.every(({ instance, clique }) => {
      if (!instance.group) return clique && !isTrueOrUnknown(clique, 'MinAvailableBreached');
      return !parts.breachedGroups.has(instance.group.instance.name);
    }),
  );
  return {
    replicas: existing.length,
    availableReplicas: available.length,
    updatedReplicas: existing.filter(({ cliques }) => cliques.every(({ updated }) => updated)).length,
    hpaPodSelector: `${GROVE_LABELS.managedBy}=${GANG_PLACER_MANAGER},${GROVE_LABELS.partOf}=${set.name}`,
    updateProgress: updateProgress(parts),
    currentGenerationHash: stableHash([set.cliques, set.priorityClassName]),
    podGangStatuses: parts.gangs.map(({ metadata, status }) => ({
      name: metadata.name,
      phase: status?.phase ?? 'Pending',
    })),
  };
}

/** A clique whose condition is not known yet does not count as available. */
function isTrueOrUnknown({ status }: PodClique, type: string): boolean {
  const found = status?.conditions?.find((condition) => condition.type === type);
  return found === undefined || isTrue(status?.conditions, type);
}

/** What of the set follows its template, pods included: the columns of `kubectl get podcliquesets`. */
function updateProgress({ cliques }: SetParts): NonNullable<Status['updateProgress']> {
  const groups = new Map<string, boolean>();
  for (const { instance, updated } of cliques) {
    const name = instance.group?.instance.name;
    if (name !== undefined) groups.set(name, (groups.get(name) ?? true) && updated);
  }
  return {
    updatedPodCliquesCount: cliques.filter(({ updated }) => updated).length,
    totalPodCliquesCount: cliques.length,
    updatedPodCliqueScalingGroupsCount: [...groups.values()].filter(Boolean).length,
    totalPodCliqueScalingGroupsCount: groups.size,
  };
}
