import { setCondition } from '../api/set-condition.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import type { Termination } from './container-record.js';
import { type ContainerView, type RestartPolicy, restartsAfter } from './container-state.js';

export interface PodView {
  readonly pod: ApiObject;
  readonly podIp?: string;
  readonly startTime: string;
  readonly policy: RestartPolicy;
  readonly initContainers: readonly ContainerView[];
  /** Init containers are through, or there are none. */
  readonly isInitialized: boolean;
  readonly containers: readonly ContainerView[];
}

/** The status of a pod from the state of its containers (core/v1 PodStatus). */
export function podStatus(view: PodView): JsonObject {
  const { pod, podIp, startTime, initContainers, isInitialized, containers } = view;
  const phase = phaseOf(view);
  const status: JsonObject = {
    ...pod.status,
    phase,
    startTime,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    ...(podIp ? { podIP: podIp, podIPs: [{ ip: podIp }] } : {}),
    ...(initContainers.length > 0 ? { initContainerStatuses: initContainers.map(containerStatus) } : {}),
    containerStatuses: containers.map(containerStatus),
  };
  const unready = containers.filter((c) => !c.isReady).map((c) => c.spec.name);
  const isReady = unready.length === 0 && phase === 'Running';
  const why: JsonObject = isReady
    ? {}
    : phase === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const conditions: JsonObject[] = [
    { type: 'PodScheduled', status: 'True' },
    {
      type: 'Initialized',
      status: isInitialized ? 'True' : 'False',
      ...(isInitialized ? {} : { reason: 'ContainersNotInitialized' }),
    },
    { type: 'ContainersReady', status: isReady ? 'True' : 'False', ...why },
    { type: 'Ready', status: isReady ? 'True' : 'False', ...why },
  ];
  const now = timestamp();
  return conditions.reduce(
    (s, condition) => setCondition(s, { ...condition, lastTransitionTime: now }),
    status,
  );
}

function phaseOf({ policy, initContainers, isInitialized, containers }: PodView): string {
  const ended = (c: ContainerView): Termination | undefined =>
    c.state.type === 'terminated' && !restartsAfter(policy, c.state.termination.exitCode)
      ? c.state.termination
      : undefined;
  if (initContainers.some((c) => (ended(c)?.exitCode ?? 0) !== 0)) return 'Failed';
  if (!isInitialized) return 'Pending';
  const ends = containers.map(ended);
  if (ends.every((end) => end !== undefined))
    return ends.every((end) => end.exitCode === 0) ? 'Succeeded' : 'Failed';
  const neverRan = containers.some((c) => c.state.type === 'waiting' && !c.lastTermination);
  return neverRan ? 'Pending' : 'Running';
}

function containerStatus(view: ContainerView): JsonObject {
  const { spec, state, lastTermination, restartCount, isReady, isStarted, containerId } = view;
  return {
    name: spec.name,
    image: spec.image,
    imageID: '',
    ...(containerId ? { containerID: containerUri(containerId) } : {}),
    restartCount,
    ready: isReady,
    started: isStarted,
    state:
      state.type === 'running'
        ? { running: { startedAt: state.startedAt } }
        : state.type === 'terminated'
          ? { terminated: terminated(state.termination) }
          : { waiting: { reason: state.reason, ...(state.message ? { message: state.message } : {}) } },
    lastState: lastTermination ? { terminated: terminated(lastTermination) } : {},
  };
}

const containerUri = (containerId: string): string => `penstock://${containerId}`;

function terminated({
  exitCode,
  reason,
  message,
  startedAt,
  finishedAt,
  containerId,
}: Termination): JsonObject {
  return {
    exitCode,
    reason,
    ...(message ? { message } : {}),
    startedAt,
    finishedAt,
    containerID: containerUri(containerId),
  };
}
