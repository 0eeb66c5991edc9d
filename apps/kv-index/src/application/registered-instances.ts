import type { Endpoint, Pool } from '@penstock/cluster';
import { ServiceError } from '@penstock/platform';
import type { EngineTarget } from './engine-target.js';
import type { InstanceRegistration, InstanceRegistry } from './instance-registry.js';

/** Instead of a Kubernetes namespace: no pod of any pool is in it, as it is no valid name of one. */
const NAMESPACE = 'Registered';
/** Each costs two of the 16,384 sockets that ZeroMQ opens, which the engines of the cluster need, too. */
const MAX_REGISTRATIONS = 4_096;
/** What an event may name an engine. */
const MAX_ID_LENGTH = 512;

/** What was registered or, without a registration, unregistered here. */
export type RegistrationEdit = (engineId: string, registration: InstanceRegistration | undefined) => void;

/** Instances registered over HTTP: here, or at another replica. */
export class RegisteredInstances implements InstanceRegistry {
  private readonly byEngine = new Map<string, InstanceRegistration>();
  private readonly editListeners = new Set<RegistrationEdit>();
  private readonly listeners = new Set<() => void>();

  register(registration: InstanceRegistration): void {
    assertOneHost(registration);
    const engineId = this.engineIdOf(registration);
    if (engineId.length > MAX_ID_LENGTH) {
      const what = `with tenant_id it makes an id of ${engineId.length} characters, more than ${MAX_ID_LENGTH}`;
      throw new ServiceError('invalid-argument', what, 'instance_id', 'choose shorter names');
    }
    const known = this.byEngine.get(engineId);
    if (known && isSame(known, registration)) return;
    if (known) {
      const { instanceId, dpRank, endpoint } = known;
      const what = `rank ${dpRank} of "${instanceId}" is registered otherwise, at ${endpoint}`;
      throw new ServiceError('failed-precondition', what, 'instance_id', 'unregister it first');
    }
    if (this.byEngine.size >= MAX_REGISTRATIONS) {
      const what = `${MAX_REGISTRATIONS} instances are registered`;
      throw new ServiceError('exhausted', what, 'instance_id', 'unregister those that are gone');
    }
    this.byEngine.set(engineId, registration);
    this.edited(engineId, registration);
    this.changed();
  }

  unregister({ instanceId, tenantId, dpRank }: Parameters<InstanceRegistry['unregister']>[0]) {
    const removed = this.registrations().filter(
      (one) =>
        one.instanceId === instanceId &&
        (tenantId === undefined || one.tenantId === tenantId) &&
        (dpRank === undefined || one.dpRank === dpRank),
    );
    for (const registration of removed) {
      const engineId = this.engineIdOf(registration);
      this.byEngine.delete(engineId);
      this.edited(engineId, undefined);
    }
    if (removed.length > 0) this.changed();
    return removed;
  }

  registrations(): readonly InstanceRegistration[] {
    return [...this.byEngine.values()];
  }

  engineIdOf({ tenantId, instanceId, dpRank }: InstanceRegistration): string {
    const pod = `${encodeURIComponent(tenantId)}/${encodeURIComponent(instanceId)}`;
    return `${NAMESPACE}/${pod}${dpRank > 0 ? `#${dpRank}` : ''}`;
  }

  /** What is to be followed. */
  targets(): EngineTarget[] {
    return Array.from(this.byEngine, ([engineId, registration]) => targetOf(engineId, registration));
  }

  /** Takes over what was registered or, without a registration, unregistered at another replica. */
  replace(engineId: string, registration: InstanceRegistration | undefined): void {
    const known = this.byEngine.get(engineId);
    if (known === registration || (known && registration && isSame(known, registration))) return;
    if (registration) this.byEngine.set(engineId, registration);
    else this.byEngine.delete(engineId);
    this.changed();
  }

  /** Calls back with every edit made here. */
  onEdit(listener: RegistrationEdit): () => void {
    this.editListeners.add(listener);
    return () => this.editListeners.delete(listener);
  }

  /** Calls back after every change, wherever it was made. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private edited(engineId: string, registration: InstanceRegistration | undefined): void {
    for (const listener of this.editListeners) listener(engineId, registration);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function targetOf(engineId: string, registration: InstanceRegistration): EngineTarget {
  const { tenantId, instanceId, dpRank, model, blockSize, endpoint, replayEndpoint } = registration;
  const { host, port } = placeOf(endpoint);
  const pool: Pool = {
    namespace: NAMESPACE,
    name: tenantId,
    uid: '',
    group: '',
    selector: {},
    targetPorts: [],
    appProtocol: 'http',
  };
  const place: Endpoint = {
    engineId,
    namespace: NAMESPACE,
    pod: instanceId,
    podUid: '',
    restartCount: 0,
    ip: host,
    port: 0,
    rank: dpRank,
    // Nobody said where it takes requests: its instance id says so to who registered it.
    address: '',
    ready: true,
    terminating: false,
    draining: false,
    labels: {},
    kvEventsPort: port,
    ...(replayEndpoint && { kvReplayPort: placeOf(replayEndpoint).port }),
  };
  return { pool, endpoint: place, identity: { model, blockSize } };
}

/** `tcp://host:port`, which was checked when it came in. */
function placeOf(endpoint: string): { host: string; port: number } {
  const end = endpoint.lastIndexOf(':');
  const host = endpoint.slice('tcp://'.length, end).replace(/^\[|\]$/g, '');
  return { host, port: Number(endpoint.slice(end + 1)) };
}

function assertOneHost({ endpoint, replayEndpoint }: InstanceRegistration): void {
  if (!replayEndpoint || placeOf(replayEndpoint).host === placeOf(endpoint).host) return;
  const what = 'must be on the host of endpoint: both are sockets of one engine process';
  throw new ServiceError('invalid-argument', what, 'replay_endpoint', 'leave it out where there is none');
}

function isSame(a: InstanceRegistration, b: InstanceRegistration): boolean {
  return (Object.keys(a) as Array<keyof InstanceRegistration>).every((field) => a[field] === b[field]);
}
