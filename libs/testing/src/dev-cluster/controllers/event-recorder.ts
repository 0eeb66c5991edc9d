import { createHash } from 'node:crypto';
import type { ClusterState } from '../api/cluster-state.js';
import { createObject } from '../api/create-object.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import { reportFault } from './report-fault.js';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Component that saw it, e.g. `kubelet`. */
  readonly component: string;
}

/** Records what happened to an object as a core/v1 Event; the same thing again counts up the one there is. */
export function recordEvent(
  state: ClusterState,
  about: ApiObject,
  { type, reason, message, component }: EventText,
): void {
  const namespace = about.metadata.namespace ?? 'default';
  const hash = createHash('sha256')
    .update([about.metadata.uid, component, reason, message].join('\n'))
    .digest('hex');
  const name = `${about.metadata.name.slice(0, 200)}.${hash.slice(0, 16)}`;
  const now = timestamp();
  const known = state.store.get('events', namespace, name);
  if (known) {
    state.store.put('events', { ...known, count: Number(known['count'] ?? 1) + 1, lastTimestamp: now });
    return;
  }
  const involvedObject: JsonObject = {
    apiVersion: about.apiVersion,
    kind: about.kind,
    name: about.metadata.name,
    ...(about.metadata.namespace ? { namespace } : {}),
    uid: about.metadata.uid,
    resourceVersion: about.metadata.resourceVersion,
  };
  const event: JsonObject = {
    metadata: { name, namespace },
    involvedObject,
    type,
    reason,
    message,
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: component,
    reportingInstance: '',
  };
  try {
    createObject(state, { ...state.registry.stored('events'), namespace }, event, { manager: component });
  } catch (error) {
    // A namespace that is going takes no new events; what happened there no longer matters.
    if (state.store.get('namespaces', undefined, namespace)?.metadata.deletionTimestamp) return;
    reportFault('events', `${reason} of ${namespace}/${about.metadata.name}`, error);
  }
}
