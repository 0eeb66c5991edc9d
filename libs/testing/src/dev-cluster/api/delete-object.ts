import type { ApiObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';
import { timestamp } from '../object/timestamp.js';
import { resourceKey } from '../registry/resource.js';
import type { ClusterState, Target } from './cluster-state.js';
import { FOREGROUND_FINALIZER, isReleased, ORPHAN_FINALIZER } from './deletion.js';
import { inVersion, readObject } from './read-object.js';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export interface Deletion {
  readonly object: ApiObject;
  /** False while finalizers, a grace period or a namespace's content hold the object. */
  readonly isGone: boolean;
}

const FINALIZER_OF_POLICY: Readonly<Record<string, string>> = {
  Foreground: FOREGROUND_FINALIZER,
  Orphan: ORPHAN_FINALIZER,
};

/** @throws ApiError 404, 409 when a precondition does not hold, 422 for an unknown policy */
export function deleteObject(
  state: ClusterState,
  target: Target,
  name: string,
  options: DeleteOptions,
): Deletion {
  const { resource } = target;
  const old = readObject(state, target, name);
  const { uid, resourceVersion } = options.preconditions ?? {};
  // Of what does not meet a precondition the real server names the kind.
  const asKind = { ...resource, plural: resource.kind };
  if (uid && uid !== old.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`;
    throw refuse.conflict(asKind, name, why);
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion}). The object might have been modified`;
    throw refuse.conflict(asKind, name, why);
  }
  const next = markDeleted(old, options);
  const isGone = isReleased(next);
  if (options.dryRun) return { object: next, isGone };
  const key = resourceKey(resource);
  if (isGone)
    return {
      object: inVersion(state.store.remove(key, stored(state, target, next)), target.apiVersion),
      isGone,
    };
  if (next === old) return { object: old, isGone };
  return { object: inVersion(state.store.put(key, stored(state, target, next)), target.apiVersion), isGone };
}

/** The object back in its storage version. */
function stored(state: ClusterState, target: Target, object: ApiObject): ApiObject {
  return inVersion(object, state.registry.stored(resourceKey(target.resource)).apiVersion);
}

function markDeleted(old: ApiObject, options: DeleteOptions): ApiObject {
  const { metadata } = old;
  const graceSeconds = gracePeriod(old, options.gracePeriodSeconds);
  const alreadyAsked = metadata.deletionTimestamp !== undefined;
  // A second request can only shorten the wait.
  if (alreadyAsked && graceSeconds >= (metadata.deletionGracePeriodSeconds ?? 0) && !isReleased(old))
    return old;
  const policy = options.propagationPolicy ?? 'Background';
  if (policy !== 'Background' && !FINALIZER_OF_POLICY[policy]) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    throw refuse.invalidOptions('DeleteOptions', {
      field: 'propagationPolicy',
      reason: 'FieldValueNotSupported',
      message,
    });
  }
  const kept = (metadata.finalizers ?? []).filter(
    (f) => f !== FOREGROUND_FINALIZER && f !== ORPHAN_FINALIZER,
  );
  const added = FINALIZER_OF_POLICY[policy];
  const finalizers = alreadyAsked ? (metadata.finalizers ?? []) : added ? [...kept, added] : kept;
  const { finalizers: _finalizers, ...rest } = metadata;
  const next: ApiObject = {
    ...old,
    metadata: {
      ...rest,
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
      deletionTimestamp: timestamp(Date.now() + graceSeconds * 1000),
      // What holds a namespace is its content, no grace.
      ...(old.kind === 'Namespace' ? {} : { deletionGracePeriodSeconds: graceSeconds }),
    },
  };
  if (old.kind === 'Namespace') next.status = { ...old.status, phase: 'Terminating' };
  return next;
}

/** Only a pod that a kubelet may be running gets time to stop. */
function gracePeriod(object: ApiObject, asked: number | undefined): number {
  const isRunnable =
    object.kind === 'Pod' &&
    Boolean(object.spec?.['nodeName']) &&
    object.status?.['phase'] !== 'Succeeded' &&
    object.status?.['phase'] !== 'Failed';
  if (!isRunnable) return 0;
  return Math.max(0, asked ?? Number(object.spec?.['terminationGracePeriodSeconds'] ?? 30));
}
