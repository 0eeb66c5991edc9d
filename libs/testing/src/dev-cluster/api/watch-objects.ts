import type { ApiObject, JsonObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';
import { resourceKey } from '../registry/resource.js';
import type { StoreEvent } from '../storage/event.js';
import type { ClusterState, Target } from './cluster-state.js';
import { LIST_OPTIONS, type Selection, selectionOf } from './list-objects.js';
import { inVersion } from './read-object.js';

export interface WatchOptions extends Selection {
  /** Empty or `0`: the present objects first, then changes. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  /** The present objects first, then a bookmark that says they are complete (the streaming list). */
  readonly sendInitialEvents?: boolean;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
export type WatchListener = (type: WatchEventType, object: ApiObject | JsonObject) => void;

/**
 * Delivers the changes of one resource from a revision on, each once and in order.
 *
 * @returns a function that ends the watch
 * @throws ApiError 400, 422 for options that contradict each other, or 410 when the revision is compacted away or was
 *   never given out
 */
export function watchObjects(
  state: ClusterState,
  target: Target,
  options: WatchOptions,
  listener: WatchListener,
): () => void {
  checkWatchOptions(options);
  const matches = selectionOf(target, options);
  const key = resourceKey(target.resource);
  const deliver = (event: StoreEvent): void => {
    if (event.resource !== key) return;
    const change = asSeenThrough(matches, event);
    if (change) listener(change.type, inVersion(change.object, target.apiVersion));
  };
  const from = options.resourceVersion ?? '';
  const startsWithState = options.sendInitialEvents ?? (from === '' || from === '0');
  const past = startsWithState || from === '' || from === '0' ? [] : changesSince(state, from);
  if (startsWithState) {
    for (const object of state.store.list(key, target.namespace)) {
      if (matches(object)) listener('ADDED', inVersion(object, target.apiVersion));
    }
    if (options.sendInitialEvents) listener('BOOKMARK', bookmark(state, target, true));
  }
  for (const event of past) deliver(event);
  return state.store.subscribe(deliver);
}

/** Tells a watcher how far it has come although nothing it selects has changed. */
export function bookmark(state: ClusterState, target: Target, endsInitialEvents = false): JsonObject {
  return {
    apiVersion: target.apiVersion,
    kind: target.resource.kind,
    metadata: {
      resourceVersion: String(state.store.revision),
      creationTimestamp: null,
      ...(endsInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  };
}

function checkWatchOptions({ resourceVersionMatch, sendInitialEvents }: WatchOptions): void {
  const wants = sendInitialEvents === undefined ? '' : 'NotOlderThan';
  if ((resourceVersionMatch ?? '') === wants) return;
  const why = wants
    ? 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    : 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
  const field = 'resourceVersionMatch';
  throw refuse.invalid(LIST_OPTIONS, '', [
    { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` },
  ]);
}

function changesSince(state: ClusterState, from: string): StoreEvent[] {
  // The real server answers 500 here; that its clients are at fault is better said with 400.
  if (!/^\d+$/.test(from)) throw refuse.badRequest(`Invalid value: ${JSON.stringify(from)}: resourceVersion`);
  const events = state.store.eventsSince(Number(from));
  // A version never given out comes from another data directory: the client has to list again as well.
  if (!events) throw refuse.expired(`too old resource version: ${from} (${state.store.revision})`);
  return events;
}

/** A change that moves an object into or out of the selection looks like its creation or deletion. */
function asSeenThrough(
  matches: (object: ApiObject) => boolean,
  { type, object, previous }: StoreEvent,
): { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: ApiObject } | undefined {
  const was = previous !== undefined && matches(previous);
  const is = type !== 'DELETED' && matches(object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object };
  return was ? { type: 'DELETED', object } : undefined;
}
