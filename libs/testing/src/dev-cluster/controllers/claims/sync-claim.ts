import type { ClusterState } from '../../api/cluster-state.js';
import { deleteObject } from '../../api/delete-object.js';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { changeObject } from '../change-object.js';
import { controllerOf } from '../workloads/controlled-objects.js';
import { writeStatus } from '../write-status.js';
import { CLAIM_FINALIZER, CLAIMS, MANAGER } from './claim-resources.js';
import { consumersOf, isDone } from './pod-claims.js';

/** Takes a claim back from pods that have ended: its devices with the last of them, and itself with the pod it was made for. */
export function syncClaim(state: ClusterState, claim: ApiObject): void {
  const consumers = consumersOf(claim);
  const valid = consumers.filter((consumer) => isInUse(state, claim, consumer));
  const { deletionTimestamp, finalizers = [] } = claim.metadata;
  const isFree = valid.length === 0;
  const isProtected = finalizers.includes(CLAIM_FINALIZER);
  let current: ApiObject | undefined = claim;
  if (valid.length < consumers.length || (isFree && isProtected && deletionTimestamp)) {
    const { allocation, reservedFor: _reservedFor, ...rest } = claim.status ?? {};
    const status: JsonObject = isFree
      ? rest
      : { ...rest, ...(allocation ? { allocation } : {}), reservedFor: valid };
    current = writeStatus(state, CLAIMS, claim, status, MANAGER);
    if (current && isFree && isProtected) {
      const left = finalizers.filter((finalizer) => finalizer !== CLAIM_FINALIZER);
      current = changeObject(state, CLAIMS, current, { metadata: { finalizers: left } }, MANAGER);
    }
  }
  if (isFree && current && !deletionTimestamp && hasLostItsPod(state, claim)) {
    const { namespace, name, uid } = claim.metadata;
    deleteObject(state, { ...state.registry.stored(CLAIMS), namespace }, name, { preconditions: { uid } });
  }
}

function isInUse({ store }: ClusterState, claim: ApiObject, consumer: JsonObject): boolean {
  // Other consumers than pods look after themselves.
  if (consumer['resource'] !== 'pods' || consumer['apiGroup']) return true;
  const pod = store.get('pods', claim.metadata.namespace, String(consumer['name']));
  return pod !== undefined && pod.metadata.uid === consumer['uid'] && !isDone(pod);
}

/** Whether the pod a claim was made for has ended. One that is gone takes its claims along as their owner. */
function hasLostItsPod({ store }: ClusterState, claim: ApiObject): boolean {
  const owner = controllerOf(claim);
  if (owner?.kind !== 'Pod') return false;
  const pod = store.get('pods', claim.metadata.namespace, owner.name);
  return pod?.metadata.uid === owner.uid && isDone(pod);
}
