import type {
  Cluster,
  ClusterEvent,
  ClusterObject,
  DeleteOptions,
  Informer,
  InformerHandlers,
  InformerOptions,
  LeaseHandle,
  LeaseOptions,
  PodIdentity,
  ResourceKind,
  Scale,
} from '@penstock/core/ports';
import { ClusterError } from '@penstock/core/ports';
import type { BackoffOptions } from './backoff.js';
import { ClusterConnection } from './connection/cluster-connection.js';
import type { ClusterAddress } from './connection/credentials.js';
import { resourcePath } from './connection/resource-path.js';
import { RestClient, withKind } from './connection/rest-client.js';
import { EventRecorder } from './events/event-recorder.js';
import { KubernetesInformer } from './informer/kubernetes-informer.js';
import { KubernetesLease } from './lease/kubernetes-lease.js';
import type { NoticeHandler } from './notices.js';
import { type ScaleObject, scaleOf } from './scale.js';

export interface KubernetesClusterOptions extends ClusterAddress {
  /** Name of the service: fields are owned as `penstock-<service>`. */
  readonly service: string;
  /** Time limit of one request that is not a watch; 10 s. */
  readonly requestTimeoutMs?: number;
  /** A watch on which nothing arrives for this long is made anew; 30 s. */
  readonly watchIdleMs?: number;
  /** Delays of informers while the API fails; 200 ms to 10 s. */
  readonly backoff?: BackoffOptions;
  /** Told about everything that goes wrong or is noteworthy without anybody having asked. */
  readonly onNotice?: NoticeHandler;
}

/** The Kubernetes API. Nothing is loaded or connected before the first call. */
export class KubernetesCluster implements Cluster {
  readonly #connection: ClusterConnection;
  readonly #rest: RestClient;
  readonly #notify: NoticeHandler;
  readonly #events: EventRecorder;
  readonly #open = new Set<() => Promise<void>>();
  readonly fieldManager: string;

  constructor(private readonly options: KubernetesClusterOptions) {
    this.fieldManager = `penstock-${options.service}`;
    this.#notify = options.onNotice ?? (() => undefined);
    this.#connection = new ClusterConnection(options);
    this.#rest = new RestClient(this.#connection, options.requestTimeoutMs ?? 10_000, this.#notify);
    this.#events = new EventRecorder(this.#rest, this.fieldManager, this.#notify);
  }

  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> {
    const timing = {
      watchIdleMs: this.options.watchIdleMs ?? 30_000,
      backoff: this.options.backoff ?? { initialMs: 200, maxMs: 10_000 },
    };
    const informer = new KubernetesInformer(this.#rest, kind, options, handlers, timing, this.#notify);
    this.#track(informer.stopped, () => informer.stop());
    return informer;
  }

  async get<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined> {
    try {
      return await this.#rest.json<T>({ method: 'GET', path: resourcePath(kind, namespace, name) });
    } catch (error) {
      if (error instanceof ClusterError && error.reason === 'not-found') return undefined;
      throw error;
    }
  }

  async list<T extends ClusterObject>(kind: ResourceKind<T>, options: InformerOptions): Promise<T[]> {
    return (await this.#rest.list(kind, options)).items;
  }

  create<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T> {
    return this.#rest.json<T>({
      method: 'POST',
      path: resourcePath(kind, object.metadata.namespace),
      query: { fieldManager: this.fieldManager },
      body: withKind(kind, { ...object }),
    });
  }

  update<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options: { subresource?: 'status' } = {},
  ): Promise<T> {
    const { namespace, name, resourceVersion } = object.metadata;
    if (!resourceVersion)
      throw new Error(`update of ${kind.kind} ${name} needs the resourceVersion that was read`);
    return this.#rest.json<T>({
      method: 'PUT',
      path: resourcePath(kind, namespace, name, options.subresource),
      query: { fieldManager: this.fieldManager },
      body: withKind(kind, { ...object }),
    });
  }

  apply<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options: { force?: boolean; subresource?: 'status' } = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#rest.json<T>({
      method: 'PATCH',
      path: resourcePath(kind, namespace, name, options.subresource),
      query: { fieldManager: this.fieldManager, force: options.force === true ? 'true' : undefined },
      contentType: 'application/apply-patch+yaml',
      body: withKind(kind, { ...object }),
    });
  }

  mergePatch<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: { subresource?: 'status' } = {},
  ): Promise<T> {
    return this.#rest.json<T>({
      method: 'PATCH',
      path: resourcePath(kind, namespace, name, options.subresource),
      query: { fieldManager: this.fieldManager },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  /** Deletes the object; by default dependents follow in the background. */
  async delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { uid, propagation = 'Background', gracePeriodSeconds } = options;
    await this.#rest.json({
      method: 'DELETE',
      path: resourcePath(kind, namespace, name),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: propagation,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      },
    });
  }

  async bindPod({ namespace, name, uid }: PodIdentity, nodeName: string): Promise<void> {
    await this.#rest.json({
      method: 'POST',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/binding`,
      query: { fieldManager: this.fieldManager },
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace, name, uid },
        target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
      },
    });
  }

  async readScale(kind: ResourceKind, namespace: string, name: string): Promise<Scale | undefined> {
    try {
      const path = resourcePath(kind, namespace, name, 'scale');
      return scaleOf(await this.#rest.json<ScaleObject>({ method: 'GET', path }));
    } catch (error) {
      if (error instanceof ClusterError && error.reason === 'not-found') return undefined;
      throw error;
    }
  }

  async writeScale(
    kind: ResourceKind,
    namespace: string,
    name: string,
    replicas: number,
    { resourceVersion }: { resourceVersion?: string } = {},
  ): Promise<Scale> {
    const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
    return scaleOf(
      await this.#rest.json<ScaleObject>({
        method: 'PATCH',
        path: resourcePath(kind, namespace, name, 'scale'),
        query: { fieldManager: this.fieldManager },
        contentType: 'application/merge-patch+json',
        body: { ...metadata, spec: { replicas } },
      }),
    );
  }

  recordEvent(event: ClusterEvent): void {
    this.#events.record(event);
  }

  lease(options: LeaseOptions): LeaseHandle {
    const lease = new KubernetesLease(this.#rest, options, this.#notify);
    this.#track(lease.stopped, () => lease.release());
    return lease;
  }

  async probe(): Promise<void> {
    await this.version();
  }

  /** What the API server calls its version, e.g. `v1.36.0`. */
  async version(): Promise<string> {
    const { gitVersion } = await this.#rest.json<{ gitVersion?: string }>({
      method: 'GET',
      path: '/version',
    });
    return gitVersion ?? 'unknown';
  }

  /** Stops every informer, gives every lease back and closes the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((stop) => stop()));
    await this.#events.close();
    this.#connection.close();
  }

  /** Remembers what `close` must stop, until it was stopped by its owner. */
  #track(stopped: Promise<void>, stop: () => Promise<void>): void {
    this.#open.add(stop);
    void stopped.then(() => this.#open.delete(stop));
  }
}
