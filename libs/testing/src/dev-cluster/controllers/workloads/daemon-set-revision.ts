import type { ClusterState } from '../../api/cluster-state.js';
import { commitUpdate } from '../../api/commit-update.js';
import { createObject } from '../../api/create-object.js';
import { deleteObject } from '../../api/delete-object.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject, sameJson, valueAt } from '../../object/json.js';
import { writeStatus } from '../write-status.js';
import { controlledObjects, controllerOf, controllerReference } from './controlled-objects.js';
import { REVISION_HASH_LABEL } from './daemon-set-pod.js';
import { podTemplateHash } from './pod-template-hash.js';

export const DAEMON_SETS = 'daemonsets.apps';
const REVISIONS = 'controllerrevisions.apps';
const MANAGER = 'kube-controller-manager';

export interface DaemonSetHistory {
  /** Names the present template; the label of its pods. */
  readonly hash: string;
  /** ControllerRevisions of other templates, oldest first. */
  readonly old: readonly ApiObject[];
}

/**
 * The ControllerRevisions of a DaemonSet. The present template gets one, or has its old one renumbered as the newest.
 *
 * @returns undefined when the name for a new one is taken: the collision count is then one more, and it is tried again
 */
export function daemonSetHistory(state: ClusterState, set: ApiObject): DaemonSetHistory | undefined {
  const data = revisionData(set);
  const all = controlledObjects(state, REVISIONS, set, MANAGER).sort((a, b) => numberOf(a) - numberOf(b));
  const present = all.findLast((revision) => sameJson(revision['data'], data));
  const old = all.filter((revision) => revision !== present);
  const number = Math.max(0, ...old.map(numberOf)) + 1;
  const current = present ? renumber(state, present, number) : create(state, set, data, number);
  // One that lost its label still tells its pods from others by its name.
  return current && { hash: current.metadata.labels?.[REVISION_HASH_LABEL] ?? current.metadata.name, old };
}

/** Deletes the oldest revisions beyond the limit, but none that a pod still runs. */
export function trimHistory(
  state: ClusterState,
  set: ApiObject,
  old: readonly ApiObject[],
  pods: readonly ApiObject[],
): void {
  const surplus = old.length - Number(set.spec?.['revisionHistoryLimit'] ?? 10);
  const inUse = new Set(pods.map((pod) => pod.metadata.labels?.[REVISION_HASH_LABEL]));
  const unused = old.filter(({ metadata }) => !inUse.has(metadata.labels?.[REVISION_HASH_LABEL]));
  for (const { metadata } of unused.slice(0, Math.max(0, surplus))) {
    const target = { ...state.registry.stored(REVISIONS), namespace: metadata.namespace };
    deleteObject(state, target, metadata.name, { preconditions: { uid: metadata.uid } });
  }
}

const numberOf = (revision: ApiObject): number => Number(revision['revision'] ?? 0);

/** A strategic merge patch that gives the DaemonSet this template again, which is what `kubectl rollout undo` sends. */
function revisionData(set: ApiObject): JsonObject {
  const template = isObject(set.spec?.['template']) ? set.spec['template'] : {};
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

function renumber(state: ClusterState, revision: ApiObject, number: number): ApiObject {
  if (numberOf(revision) >= number) return revision;
  const target = { ...state.registry.stored(REVISIONS), namespace: revision.metadata.namespace };
  const next = structuredClone({ ...revision, revision: number });
  return commitUpdate(state, target, revision, next, { manager: MANAGER });
}

function create(
  state: ClusterState,
  set: ApiObject,
  data: JsonObject,
  revision: number,
): ApiObject | undefined {
  const { namespace, name, annotations } = set.metadata;
  const collisionCount = Number(set.status?.['collisionCount'] ?? 0);
  const hash = podTemplateHash(set.spec?.['template'] ?? {}, collisionCount);
  const labels = valueAt(set.spec, ['template', 'metadata', 'labels']);
  const metadata = {
    name: `${name}-${hash}`,
    namespace,
    labels: { ...(isObject(labels) ? labels : {}), [REVISION_HASH_LABEL]: hash },
    ...(annotations ? { annotations } : {}),
    ownerReferences: [controllerReference(set)],
  };
  try {
    const target = { ...state.registry.stored(REVISIONS), namespace };
    return createObject(state, target, structuredClone({ metadata, data, revision }), { manager: MANAGER });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    const taken = state.store.get(REVISIONS, namespace, metadata.name);
    const isOurs = taken && controllerOf(taken)?.uid === set.metadata.uid && sameJson(taken['data'], data);
    if (isOurs) return taken;
    writeStatus(state, DAEMON_SETS, set, { ...set.status, collisionCount: collisionCount + 1 }, MANAGER);
    return undefined;
  }
}
