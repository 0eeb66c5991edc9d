import type { ClusterState } from '../../api/cluster-state.js';
import type { ApiObject } from '../../object/api-object.js';
import type { Controller } from '../controller.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { RetryDelays } from '../retry-delays.js';
import { controllerOf } from './controlled-objects.js';
import { DEPLOYMENTS } from './deployment-revision.js';
import { DeploymentRollout } from './deployment-rollout.js';
import { REPLICA_SETS } from './replica-set-controller.js';

/** Rolls Deployments out through ReplicaSets. */
export function startDeploymentController(state: ClusterState): Controller {
  const { store } = state;
  const delays = new RetryDelays<string>();
  const queue = new ReconcileQueue<string>('deployments', (key) => {
    const [namespace, name = ''] = key.split('/');
    const deployment = store.get(DEPLOYMENTS, namespace, name);
    const next = deployment && new DeploymentRollout(state, deployment).run();
    if (next !== 'failed') delays.succeeded(key);
    if (next !== undefined) queue.addAfter(key, next === 'failed' ? delays.nextMs(key) : next);
  });
  const addController = (object: ApiObject): void => {
    const controller = controllerOf(object);
    if (controller?.kind === 'Deployment') queue.add(`${object.metadata.namespace}/${controller.name}`);
  };
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  for (const deployment of store.list(DEPLOYMENTS)) add(deployment);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === DEPLOYMENTS && type !== 'DELETED') add(object);
    else if (resource === REPLICA_SETS) {
      addController(object);
      if (previous) addController(previous);
      // An orphan may belong to a Deployment that selects it.
      if (!controllerOf(object)) for (const d of store.list(DEPLOYMENTS, object.metadata.namespace)) add(d);
    } else if (resource === 'pods' && type === 'DELETED') {
      // Recreate waits for the last of the old pods.
      const set = store.get(REPLICA_SETS, object.metadata.namespace, controllerOf(object)?.name ?? '');
      if (set) addController(set);
    }
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}
