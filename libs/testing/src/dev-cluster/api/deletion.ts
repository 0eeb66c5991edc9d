import type { ApiObject } from '../object/api-object.js';

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

/** Whether a deletion has nothing left to wait for: no finalizer, no grace period, no namespace content. */
export function isReleased(object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (!deletionTimestamp || finalizers?.length || deletionGracePeriodSeconds) return false;
  const namespaceFinalizers = object.kind === 'Namespace' ? object.spec?.['finalizers'] : undefined;
  return !(Array.isArray(namespaceFinalizers) && namespaceFinalizers.length > 0);
}
