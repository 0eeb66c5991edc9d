import type { ClusterState } from '../../api/cluster-state.js';
import type { ApiObject } from '../../object/api-object.js';
import type { Controller } from '../controller.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { CLAIMS, TEMPLATES } from './claim-resources.js';
import { consumersOf, isDone, podClaims } from './pod-claims.js';
import { syncClaim } from './sync-claim.js';
import { syncPodClaims } from './sync-pod-claims.js';

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace}/${metadata.name}`;

/**
 * Makes the claims for devices that pods bring along as templates, reserves allocated ones for pods that were bound
 * past a scheduler, and frees claims whose users have ended.
 */
export function startResourceClaimController(state: ClusterState): Controller {
  const { store } = state;
  const get = (resource: string, key: string): ApiObject | undefined => {
    const [namespace, name = ''] = key.split('/');
    return store.get(resource, namespace, name);
  };
  const pods = new ReconcileQueue<string>('claims of pods', (key) => {
    const pod = get('pods', key);
    if (pod) syncPodClaims(state, pod);
  });
  const claims = new ReconcileQueue<string>('resource claims', (key) => {
    const claim = get(CLAIMS, key);
    if (claim) syncClaim(state, claim);
  });
  const addPod = (pod: ApiObject): void => {
    if (podClaims(pod).length > 0) pods.add(keyOf(pod));
  };
  const addClaimsOf = (pod: ApiObject): void => {
    const { namespace = '', uid } = pod.metadata;
    for (const { claimName } of podClaims(pod)) if (claimName) claims.add(`${namespace}/${claimName}`);
    for (const claim of store.list(CLAIMS, namespace)) {
      if (consumersOf(claim).some((consumer) => consumer['uid'] === uid)) claims.add(keyOf(claim));
    }
  };
  for (const pod of store.list('pods')) addPod(pod);
  for (const claim of store.list(CLAIMS)) claims.add(keyOf(claim));
  const unsubscribe = store.subscribe(({ resource, type, object }) => {
    if (resource === 'pods') {
      if (type !== 'DELETED') addPod(object);
      if (podClaims(object).length > 0 && (type === 'DELETED' || isDone(object))) addClaimsOf(object);
    } else if (resource === CLAIMS && type !== 'DELETED') {
      claims.add(keyOf(object));
      // Those bound past the scheduler wait for it to be allocated.
      for (const pod of store.list('pods', object.metadata.namespace))
        if (podClaims(pod).some((claim) => claim.claimName === object.metadata.name)) addPod(pod);
    } else if (resource === TEMPLATES && type === 'ADDED') {
      for (const pod of store.list('pods', object.metadata.namespace))
        if (podClaims(pod).some((claim) => claim.templateName === object.metadata.name)) addPod(pod);
    }
  });
  return {
    stop: () => {
      unsubscribe();
      pods.stop();
      claims.stop();
    },
  };
}
