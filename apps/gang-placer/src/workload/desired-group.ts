import { GROVE_LABELS, type PodCliqueScalingGroup } from '@penstock/contracts';
import type { GroupInstance } from './instances.js';
import { ownedBy, setLabels } from './ownership.js';
import type { SetModel } from './set-model.js';

/** The PodCliqueScalingGroup of an instance. */
export function desiredGroup(
  set: SetModel,
  { name, model, setReplica, replicas }: GroupInstance,
): PodCliqueScalingGroup {
  return {
    apiVersion: 'grove.io/v1alpha1',
    kind: 'PodCliqueScalingGroup',
    metadata: {
      name,
      namespace: set.namespace,
      labels: {
        ...setLabels(set.name),
        [GROVE_LABELS.appName]: name,
        [GROVE_LABELS.component]: 'pcs-podcliquescalinggroup',
        [GROVE_LABELS.podCliqueSetReplicaIndex]: String(setReplica),
      },
      annotations: { ...model.annotations },
      ownerReferences: ownedBy('PodCliqueSet', set.name, set.uid),
    },
    spec: { replicas, minAvailable: model.minAvailable, cliqueNames: [...model.cliqueNames] },
  };
}
