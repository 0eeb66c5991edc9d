import {
  ACTIVE_PORTS_ANNOTATIONS,
  DRAINING_ANNOTATION,
  KV_EVENTS_PORT,
  KV_REPLAY_PORT,
  type Pod,
} from '@penstock/contracts';
import type { Endpoint } from './endpoint.js';
import { localRanksOf } from './local-ranks.js';
import type { Pool } from './pool.js';

/**
 * The endpoints of a pool among some pods, in the order of engine ids.
 *
 * A pod counts when it is in the pool's namespace, carries all labels of its selector, has an address and
 * has not ended. Every target port is one endpoint, unless the pod's active-ports annotation leaves it out.
 */
export function endpointsOf(pool: Pool, pods: readonly Pod[]): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const pod of pods) {
    if ((pod.metadata.namespace ?? 'default') !== pool.namespace) continue;
    if (!matchesLabels(pool.selector, pod.metadata.labels)) continue;
    const ip = pod.status?.podIP;
    if (ip === undefined || ip === '' || hasEnded(pod)) continue;
    const active = activePorts(pod);
    pool.targetPorts.forEach((port, rank) => {
      if (active === undefined || active.has(port)) endpoints.push(endpoint(pool, pod, ip, port, rank));
    });
  }
  return endpoints.sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
}

/** Whether an object's labels contain every label of the selector. */
export function matchesLabels(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(selector).every(
    ([key, value]) => labels !== undefined && Object.hasOwn(labels, key) && labels[key] === value,
  );
}

function endpoint(pool: Pool, pod: Pod, ip: string, port: number, rank: number): Endpoint {
  const { name, uid, labels, annotations } = pod.metadata;
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const { restartCount, startedAtMs } = life(pod, port);
  const nodeName = pod.spec?.nodeName;
  // Where every rank has a port, its place among them says which it is.
  const { first, count } = pool.targetPorts.length > 1 ? { first: 0, count: 1 } : localRanksOf(pod);
  const kvEventsPort = namedPort(pod, KV_EVENTS_PORT);
  const kvReplayPort = namedPort(pod, KV_REPLAY_PORT);
  return {
    engineId: `${pool.namespace}/${name}${rank === 0 ? '' : `#${rank}`}`,
    namespace: pool.namespace,
    pod: name,
    podUid: uid ?? '',
    restartCount,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ip,
    port,
    rank,
    address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    ready: !terminating && isReady(pod),
    terminating,
    // Whatever the deadline says: who set the annotation takes it away again when the engine is to stay.
    draining: annotations?.[DRAINING_ANNOTATION] !== undefined,
    ...(nodeName ? { nodeName } : {}),
    labels: labels ?? {},
    ...(count > 1 ? { localRanks: count } : {}),
    ...(first > 0 ? { firstRank: first } : {}),
    ...(kvEventsPort === undefined ? {} : { kvEventsPort: kvEventsPort + first + rank }),
    ...(kvReplayPort === undefined ? {} : { kvReplayPort: kvReplayPort + first + rank }),
  };
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}

/**
 * Restarts and start of the container that declares the port. When none does, any container may hold the
 * cache: all restarts and the latest start, since forgetting a cache too often is safe and too rarely is not.
 */
function life(pod: Pod, port: number): { restartCount: number; startedAtMs?: number } {
  const owner = pod.spec?.containers.find((c) => c.ports?.some((p) => p.containerPort === port))?.name;
  let restartCount = 0;
  let startedAtMs: number | undefined;
  for (const status of pod.status?.containerStatuses ?? []) {
    if (owner !== undefined && status.name !== owner) continue;
    restartCount += status.restartCount ?? 0;
    const started = Date.parse(status.state?.running?.startedAt ?? '');
    if (!Number.isNaN(started)) startedAtMs = Math.max(startedAtMs ?? 0, started);
  }
  return { restartCount, startedAtMs };
}

function namedPort(pod: Pod, name: string): number | undefined {
  for (const container of pod.spec?.containers ?? []) {
    const port = container.ports?.find((p) => p.name === name);
    if (port !== undefined) return port.containerPort;
  }
  return undefined;
}

/** Comma-separated port numbers; undefined when the pod does not limit its ports or says nothing usable. */
function activePorts(pod: Pod): ReadonlySet<number> | undefined {
  for (const annotation of ACTIVE_PORTS_ANNOTATIONS) {
    const value = pod.metadata.annotations?.[annotation];
    if (value === undefined) continue;
    const ports = value.split(',').map((part) => Number(part.trim()));
    return ports.every((port) => Number.isInteger(port) && port > 0) ? new Set(ports) : undefined;
  }
  return undefined;
}
