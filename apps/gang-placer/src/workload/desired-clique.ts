import { GROVE_LABELS, type PodClique } from '@penstock/contracts';
import { withEnvironment } from './environment.js';
import type { CliqueInstance } from './instances.js';
import { ownedBy, setLabels } from './ownership.js';
import { type CliqueModel, groupOfClique, type SetModel } from './set-model.js';
import { stableHash } from './stable-hash.js';

/** Annotation of a PodClique: hash of what was last written, so that only a change is written again. */
export const WRITTEN_ANNOTATION = 'penstock.dev/written-hash';

/** The PodClique of an instance. It holds everything that its pods are made from. */
export function desiredClique(set: SetModel, instance: CliqueInstance, ownerUid: string): PodClique {
  const { name, model, group } = instance;
  const podSpec = { ...model.spec.podSpec, ...priorityOf(set, instance) };
  const spec = {
    ...model.spec,
    roleName: model.spec.roleName || model.name,
    podSpec: group ? withEnvironment(podSpec, groupEnvironment(set, instance)) : podSpec,
    minAvailable: instance.minAvailable,
    startsAfter: [...instance.startsAfter],
  };
  const labels = { ...model.labels, ...setLabels(set.name), ...cliqueLabels(set, instance) };
  const owner = group
    ? ownedBy('PodCliqueScalingGroup', group.instance.name, ownerUid)
    : ownedBy('PodCliqueSet', set.name, ownerUid);
  const { replicas: _replicas, ...written } = spec;
  return {
    apiVersion: 'grove.io/v1alpha1',
    kind: 'PodClique',
    metadata: {
      name,
      namespace: set.namespace,
      labels,
      annotations: {
        ...model.annotations,
        [WRITTEN_ANNOTATION]: stableHash([labels, model.annotations, written]),
      },
      ownerReferences: owner,
    },
    spec: { ...spec, replicas: instance.replicas },
  };
}

/** Its change is what makes pods outdated: only what the template says about the pods counts. */
export function podTemplateHash(set: SetModel, { labels, annotations, spec }: CliqueModel): string {
  return stableHash([labels, annotations, spec.podSpec, set.priorityClassName]);
}

function cliqueLabels(set: SetModel, instance: CliqueInstance): Record<string, string> {
  const { name, model, group, gang, baseGang, setReplica } = instance;
  return {
    [GROVE_LABELS.appName]: name,
    [GROVE_LABELS.component]: group ? 'pcsg-podclique' : 'pcs-podclique',
    [GROVE_LABELS.podCliqueSetReplicaIndex]: String(setReplica),
    [GROVE_LABELS.podGang]: gang,
    ...(gang === baseGang ? {} : { [GROVE_LABELS.basePodGang]: baseGang }),
    ...(group
      ? {
          [GROVE_LABELS.podCliqueScalingGroup]: group.instance.name,
          [GROVE_LABELS.podCliqueScalingGroupReplicaIndex]: String(group.replica),
        }
      : {}),
    [GROVE_LABELS.podTemplateHash]: podTemplateHash(set, model),
  };
}

function priorityOf(set: SetModel, { model }: CliqueInstance): { priorityClassName?: string } {
  const priorityClassName = model.spec.podSpec.priorityClassName || set.priorityClassName;
  return priorityClassName ? { priorityClassName } : {};
}

function groupEnvironment(set: SetModel, { model, group }: CliqueInstance): Record<string, string> {
  const owner = groupOfClique(set, model.name);
  if (!owner || !group) return {};
  const pods = set.cliques
    .filter(({ name }) => owner.cliqueNames.includes(name))
    .reduce((sum, { replicas }) => sum + replicas, 0);
  return {
    GROVE_PCSG_NAME: group.instance.name,
    GROVE_PCSG_TEMPLATE_NUM_PODS: String(pods),
    GROVE_PCSG_INDEX: String(group.replica),
  };
}
