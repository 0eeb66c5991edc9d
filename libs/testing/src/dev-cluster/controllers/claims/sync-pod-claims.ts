import type { ClusterState } from '../../api/cluster-state.js';
import { createObject } from '../../api/create-object.js';
import { writePodStatus } from '../../api/write-pod-status.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject, sameJson } from '../../object/json.js';
import { recordEvent } from '../event-recorder.js';
import { controllerOf, controllerReference } from '../workloads/controlled-objects.js';
import { writeStatus } from '../write-status.js';
import { CLAIMS, MANAGER, POD_CLAIM_ANNOTATION, TEMPLATES } from './claim-resources.js';
import { claimStatuses, consumersOf, isDone, type PodClaim, podClaims } from './pod-claims.js';

const COMPONENT = 'resource_claim';
/** The most pods that one claim can be reserved for. */
const MAX_CONSUMERS = 256;

/** Makes the claims a pod lacks, and reserves those that have devices once the pod has a node. */
export function syncPodClaims(state: ClusterState, pod: ApiObject): void {
  if (isDone(pod) || pod.metadata.deletionTimestamp) return;
  const claims = podClaims(pod).map((claim) => ({ ...claim, claimName: claimNameOf(state, pod, claim) }));
  const made = claims.flatMap(({ name, templateName, claimName }): JsonObject[] =>
    templateName && claimName ? [{ name, resourceClaimName: claimName }] : [],
  );
  if (!sameJson(made, claimStatuses(pod))) {
    writePodStatus(state, pod, { ...pod.status, resourceClaimStatuses: made }, MANAGER);
  }
  if (pod.spec?.['nodeName'])
    for (const { claimName } of claims) if (claimName) reserve(state, pod, claimName);
}

function claimNameOf(state: ClusterState, pod: ApiObject, claim: PodClaim): string | undefined {
  const { name, templateName, claimName } = claim;
  if (!templateName) return claimName;
  const known = claimName && state.store.get(CLAIMS, pod.metadata.namespace, claimName);
  if (known && controllerOf(known)?.uid === pod.metadata.uid) return claimName;
  try {
    return (madeBefore(state, pod, name) ?? makeClaim(state, pod, name, templateName)).metadata.name;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    recordEvent(state, pod, {
      type: 'Warning',
      reason: 'FailedResourceClaimCreation',
      message: `PodResourceClaim ${name}: ${error.message}`,
      component: COMPONENT,
    });
    return undefined;
  }
}

/** A claim made for this entry whose name did not reach the pod's status. */
function madeBefore({ store }: ClusterState, pod: ApiObject, name: string): ApiObject | undefined {
  return store
    .list(CLAIMS, pod.metadata.namespace)
    .find(
      (claim) =>
        controllerOf(claim)?.uid === pod.metadata.uid &&
        claim.metadata.annotations?.[POD_CLAIM_ANNOTATION] === name &&
        !claim.metadata.deletionTimestamp,
    );
}

/** @throws ApiError when the template is missing or makes no valid claim */
function makeClaim(state: ClusterState, pod: ApiObject, name: string, templateName: string): ApiObject {
  const { namespace } = pod.metadata;
  const template = state.store.get(TEMPLATES, namespace, templateName);
  if (!template) {
    const message = `resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
    throw new ApiError(404, 'NotFound', message);
  }
  const { metadata, spec } = template.spec ?? {};
  const { labels, annotations } = isObject(metadata) ? metadata : {};
  const { blockOwnerDeletion: _blocks, ...owner } = controllerReference(pod);
  const body: JsonObject = {
    metadata: {
      generateName: `${pod.metadata.name}-${name}-`,
      namespace,
      ...(labels ? { labels } : {}),
      annotations: { ...(isObject(annotations) ? annotations : {}), [POD_CLAIM_ANNOTATION]: name },
      ownerReferences: [owner],
    },
    spec: spec ?? {},
  };
  const target = { ...state.registry.stored(CLAIMS), namespace };
  return createObject(state, target, structuredClone(body), { manager: MANAGER });
}

/** What a scheduler does for the pods it binds. */
function reserve(state: ClusterState, pod: ApiObject, claimName: string): void {
  const claim = state.store.get(CLAIMS, pod.metadata.namespace, claimName);
  if (!claim?.status?.['allocation']) return;
  const consumers = consumersOf(claim);
  const { name, uid } = pod.metadata;
  if (consumers.length >= MAX_CONSUMERS || consumers.some((consumer) => consumer['uid'] === uid)) return;
  const reservedFor = [...consumers, { resource: 'pods', name, uid }];
  writeStatus(state, CLAIMS, claim, { ...claim.status, reservedFor }, MANAGER);
}
