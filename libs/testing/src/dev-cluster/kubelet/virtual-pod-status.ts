import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';
import type { Termination } from './container-record.js';
import type { ContainerView, RestartPolicy } from './container-state.js';
import { type ContainerSpec, containersOf, initContainersOf, listOf } from './pod-spec.js';
import { podStatus } from './pod-status.js';

export interface VirtualAddresses {
  readonly podIp: string;
  readonly hostIp: string;
}

/**
 * The next status of a pod that runs without processes: one init container further, or, with all of them through,
 * running and ready.
 */
export function virtualPodStatus(pod: ApiObject, { podIp, hostIp }: VirtualAddresses): JsonObject {
  const before = listOf(pod.status?.['initContainerStatuses']);
  const inits = initContainersOf(pod);
  const isThrough = (spec: ContainerSpec): boolean => {
    const known = before.find((status) => status['name'] === spec.name);
    return spec['restartPolicy'] === 'Always'
      ? known?.['started'] === true
      : isObject(valueAt(known, ['state', 'running'])) || isObject(valueAt(known, ['state', 'terminated']));
  };
  const through = inits.findIndex((spec) => !isThrough(spec));
  const isInitialized = through === -1;
  // The one that was running is through now; the one after it begins.
  const views = inits.map((spec, i) => {
    if (isInitialized || i < through) return spec['restartPolicy'] === 'Always' ? running(spec) : ended(spec);
    return i === through ? running(spec) : waiting(spec);
  });
  const status = podStatus({
    pod,
    podIp,
    startTime: String(pod.status?.['startTime'] ?? timestamp()),
    policy: (pod.spec?.['restartPolicy'] ?? 'Always') as RestartPolicy,
    initContainers: views.map((view) => keepingTimes(view, before)),
    isInitialized,
    containers: containersOf(pod).map(isInitialized ? running : waiting),
  });
  return { ...status, hostIP: hostIp, hostIPs: [{ ip: hostIp }] };
}

const base = (spec: ContainerSpec) => ({ spec, restartCount: 0, isReady: false, isStarted: false });

const waiting = (spec: ContainerSpec): ContainerView => ({
  ...base(spec),
  state: { type: 'waiting', reason: 'PodInitializing' },
});

const running = (spec: ContainerSpec): ContainerView => ({
  ...base(spec),
  state: { type: 'running', startedAt: timestamp() },
  isReady: true,
  isStarted: true,
});

function ended(spec: ContainerSpec): ContainerView {
  const now = timestamp();
  const termination: Termination = {
    exitCode: 0,
    reason: 'Completed',
    startedAt: now,
    finishedAt: now,
    containerId: '',
  };
  return { ...base(spec), state: { type: 'terminated', termination }, isReady: true };
}

/** A state that was reached before keeps the time it was reached at. */
function keepingTimes(view: ContainerView, before: readonly JsonObject[]): ContainerView {
  const state = before.find((status) => status['name'] === view.spec.name)?.['state'];
  const startedAt = valueAt(state, [view.state.type, 'startedAt']);
  if (typeof startedAt !== 'string') return view;
  if (view.state.type === 'running') return { ...view, state: { ...view.state, startedAt } };
  if (view.state.type === 'waiting') return view;
  const finishedAt = String(valueAt(state, ['terminated', 'finishedAt']));
  const termination = { ...view.state.termination, startedAt, finishedAt };
  return { ...view, state: { type: 'terminated', termination } };
}
