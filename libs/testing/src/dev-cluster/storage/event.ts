import type { ApiObject } from '../object/api-object.js';

/** One committed change. `revision` is the cluster-wide resourceVersion it got. */
export interface StoreEvent {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `plural.group`, or `plural` for the core group. */
  readonly resource: string;
  /** The new state; for a deletion the last state, at the revision of the deletion. */
  readonly object: ApiObject;
  /** The state before a modification or deletion. */
  readonly previous?: ApiObject;
}
