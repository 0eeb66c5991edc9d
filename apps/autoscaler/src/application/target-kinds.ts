import {
  type Deployment,
  deploymentKind,
  GROVE_LABELS,
  type PodClique,
  type PodCliqueScalingGroup,
  type PodCliqueSet,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
} from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import type { Target } from './target.js';

type Described = Omit<Target, 'kind' | 'namespace' | 'name'>;
type SetOf = (object: { metadata: PodCliqueSet['metadata'] }) => PodCliqueSet | undefined;

/** How one kind of scale target is read. */
export interface TargetKind {
  readonly kind: ResourceKind;
  readonly describe: (object: never, setOf: SetOf) => Described;
}

/** Every kind of object that can be scaled. */
export const TARGET_KINDS: readonly TargetKind[] = [
  { kind: deploymentKind, describe: deployment },
  { kind: podCliqueKind, describe: podClique },
  { kind: podCliqueScalingGroupKind, describe: scalingGroup },
  { kind: podCliqueSetKind, describe: podCliqueSet },
];

function deployment({ spec }: Deployment): Described {
  return {
    specReplicas: spec.replicas ?? 1,
    podLabels: [spec.template.metadata?.labels ?? {}],
    selector: spec.selector.matchLabels ?? {},
    podsPerReplica: 1,
  };
}

function podClique({ metadata, spec }: PodClique): Described {
  return {
    specReplicas: spec.replicas ?? 1,
    // The gang placer gives the pods of a clique the labels of the object.
    podLabels: [metadata.labels ?? {}],
    selector: { [GROVE_LABELS.podClique]: metadata.name },
    podsPerReplica: 1,
  };
}

function scalingGroup(object: PodCliqueScalingGroup, setOf: SetOf): Described {
  const { metadata, spec } = object;
  const cliques = setOf(object)?.spec.template.cliques.filter(({ name }) => spec.cliqueNames.includes(name));
  return {
    specReplicas: spec.replicas ?? 1,
    podLabels: (cliques ?? []).map((clique) => clique.labels ?? {}),
    selector: { [GROVE_LABELS.podCliqueScalingGroup]: metadata.name },
    replicaLabel: GROVE_LABELS.podCliqueScalingGroupReplicaIndex,
    podsPerReplica: (cliques ?? []).reduce((sum, clique) => sum + (clique.spec.replicas ?? 1), 0),
  };
}

function podCliqueSet({ metadata, spec }: PodCliqueSet): Described {
  const grouped = new Set(spec.template.podCliqueScalingGroups?.flatMap((group) => group.cliqueNames));
  const alone = spec.template.cliques.filter((clique) => !grouped.has(clique.name));
  return {
    specReplicas: spec.replicas ?? 0,
    podLabels: spec.template.cliques.map((clique) => clique.labels ?? {}),
    selector: { [GROVE_LABELS.partOf]: metadata.name },
    replicaLabel: GROVE_LABELS.podCliqueSetReplicaIndex,
    // Scaling groups of a set are scaled on their own: how many pods they have says nothing about the replica.
    podsPerReplica: alone.reduce((sum, clique) => sum + (clique.spec.replicas ?? 1), 0),
  };
}
