import type { ClusterState } from '../../api/cluster-state.js';
import { createObject } from '../../api/create-object.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject, sameJson } from '../../object/json.js';
import { changeObject } from '../change-object.js';
import { writeStatus } from '../write-status.js';
import { controllerOf, controllerReference } from './controlled-objects.js';
import { HASH_LABEL, podTemplateHash } from './pod-template-hash.js';
import { REPLICA_SETS } from './replica-set-controller.js';

export const DEPLOYMENTS = 'deployments.apps';
export const MANAGER = 'kube-controller-manager';
export const REVISION = 'deployment.kubernetes.io/revision';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
/** What of a Deployment's annotations is not for its ReplicaSets. */
const OWN_ANNOTATIONS = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

/** The ReplicaSet of a Deployment's present template. @param sets oldest first */
export function findNewSet(deployment: ApiObject, sets: readonly ApiObject[]): ApiObject | undefined {
  const wanted = withoutHash(deployment.spec?.['template']);
  return sets.find((set) => sameJson(withoutHash(set.spec?.['template']), wanted));
}

export const revisionOf = ({ metadata }: ApiObject): number => Number(metadata.annotations?.[REVISION] ?? 0);

/** Annotations of a ReplicaSet: those of its Deployment, and the number of the revision. */
function annotationsFor(
  deployment: ApiObject,
  set: ApiObject | undefined,
  revision: number,
): Record<string, string> {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([k]) => !OWN_ANNOTATIONS.has(k),
  );
  const before = set?.metadata.annotations ?? {};
  const old = set ? revisionOf(set) : 0;
  const isNewer = revision > old;
  const history = [before[REVISION_HISTORY], isNewer && old > 0 ? String(old) : undefined].filter(Boolean);
  return {
    ...before,
    ...Object.fromEntries(inherited),
    [REVISION]: String(Math.max(old, revision)),
    ...(history.length > 0 ? { [REVISION_HISTORY]: history.join(',') } : {}),
  };
}

/** Keeps the annotations of the present ReplicaSet those of the Deployment, under the newest revision. */
export function refreshNewSet(
  state: ClusterState,
  deployment: ApiObject,
  set: ApiObject,
  oldSets: readonly ApiObject[],
): ApiObject {
  const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
  const annotations = annotationsFor(deployment, set, revision);
  const minReadySeconds = deployment.spec?.['minReadySeconds'] ?? 0;
  const isSame =
    sameJson(annotations, set.metadata.annotations) &&
    (set.spec?.['minReadySeconds'] ?? 0) === minReadySeconds;
  if (isSame) return set;
  return changeObject(
    state,
    REPLICA_SETS,
    set,
    { metadata: { annotations }, spec: { minReadySeconds } },
    MANAGER,
  );
}

/**
 * Creates the ReplicaSet of a Deployment's present template.
 *
 * @returns undefined when its name is taken: the Deployment's collision count is then one more, and it is tried again
 * @throws ApiError when it may not be created
 */
export function createNewSet(
  state: ClusterState,
  deployment: ApiObject,
  oldSets: readonly ApiObject[],
  replicas: number,
  sizes: Record<string, string>,
): ApiObject | undefined {
  const { namespace, name } = deployment.metadata;
  const collisionCount = Number(deployment.status?.['collisionCount'] ?? 0);
  const template = deployment.spec?.['template'] ?? {};
  const hash = podTemplateHash(template, collisionCount);
  const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
  const labelled = withHash(template, hash);
  const selector = isObject(deployment.spec?.['selector']) ? deployment.spec['selector'] : {};
  const matchLabels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  const { labels } = isObject(labelled['metadata']) ? labelled['metadata'] : {};
  const minReadySeconds = deployment.spec?.['minReadySeconds'];
  const body: JsonObject = {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: labels ?? {},
      annotations: { ...annotationsFor(deployment, undefined, revision), ...sizes },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...matchLabels, [HASH_LABEL]: hash } },
      template: labelled,
    },
  };
  try {
    const target = { ...state.registry.stored(REPLICA_SETS), namespace };
    return createObject(state, target, structuredClone(body), { manager: MANAGER });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    const taken = state.store.get(REPLICA_SETS, namespace, `${name}-${hash}`);
    if (taken && controllerOf(taken)?.uid === deployment.metadata.uid && findNewSet(deployment, [taken]))
      return taken;
    writeStatus(
      state,
      DEPLOYMENTS,
      deployment,
      { ...deployment.status, collisionCount: collisionCount + 1 },
      MANAGER,
    );
    return undefined;
  }
}

function withHash(template: Json, hash: string): JsonObject {
  const object = isObject(template) ? template : {};
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  return { ...object, metadata: { ...metadata, labels: { ...labels, [HASH_LABEL]: hash } } };
}

function withoutHash(template: Json | undefined): JsonObject {
  const object = isObject(template) ? template : {};
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const { [HASH_LABEL]: _hash, ...labels } = isObject(metadata['labels']) ? metadata['labels'] : {};
  return { ...object, metadata: { ...metadata, labels } };
}
