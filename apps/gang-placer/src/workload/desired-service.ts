import { GROVE_LABELS, type Service } from '@penstock/contracts';
import { names } from './names.js';
import { ownedBy, setLabels } from './ownership.js';
import type { SetModel } from './set-model.js';

/** Headless Service of one replica: gives every pod the name `<pod>.<service>.<namespace>.svc`. */
export function desiredService(set: SetModel, replica: number): Service {
  const selector = { ...setLabels(set.name), [GROVE_LABELS.podCliqueSetReplicaIndex]: String(replica) };
  const name = names.replica(set.name, replica);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: set.namespace,
      labels: { ...selector, [GROVE_LABELS.appName]: name, [GROVE_LABELS.component]: 'pcs-headless-service' },
      ownerReferences: ownedBy('PodCliqueSet', set.name, set.uid),
    },
    spec: { clusterIP: 'None', selector, publishNotReadyAddresses: set.publishNotReadyAddresses },
  };
}
