import {
  type Cluster,
  ClusterError,
  type ClusterObject,
  type Informer,
  type InformerHandlers,
  type InformerOptions,
  type LeaseHandle,
  type LeaseOptions,
  type ResourceKind,
} from '@penstock/core/ports';
import { apply as applyMergePatch } from 'json-merge-patch';
import { FakeInformer } from './fake-informer.js';
import { FakeLeases } from './fake-leases.js';
import { matchesSelector } from './label-selector.js';

type Stored = ClusterObject & { status?: unknown };

/**
 * Kubernetes objects in memory: enough of the API's rules for controllers (uids, resource versions,
 * generations, finalizers, label selectors, status apart from the rest), without schemas, defaults or field
 * ownership; `startDevCluster` is the API itself.
 */
export class FakeCluster implements Cluster {
  /** By kind, then by `<namespace>/<name>`. */
  private readonly objects = new Map<string, Map<string, Stored>>();
  private readonly informers = new Set<FakeInformer<ClusterObject>>();
  private readonly leases = new FakeLeases();
  private away = false;
  private version = 0;

  constructor(private readonly nowMs: () => number = Date.now) {}

  /** Makes every call fail and freezes informers, until `reconnect`. */
  disconnect(): void {
    this.away = true;
  }

  /** Informers list again, as after a lost watch. */
  reconnect(): void {
    this.away = false;
    for (const informer of this.informers) informer.relist();
  }

  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> {
    const informer = new FakeInformer<T>(kindKey(kind), handlers, {
      nowMs: this.nowMs,
      isAway: () => this.away,
      select: (object) => isSelected(object, options),
      list: () => this.select(kind, options),
      onStop: () => this.informers.delete(informer as unknown as FakeInformer<ClusterObject>),
    });
    this.informers.add(informer as unknown as FakeInformer<ClusterObject>);
    return informer;
  }

  async get<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined> {
    this.requireConnection();
    const object = this.all(kind).get(objectKey(namespace, name));
    return object && (structuredClone(object) as T);
  }

  async list<T extends ClusterObject>(kind: ResourceKind<T>, options: InformerOptions): Promise<T[]> {
    this.requireConnection();
    return this.select(kind, options);
  }

  async create<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T> {
    this.requireConnection();
    const { namespace, name } = object.metadata;
    if (this.all(kind).has(objectKey(namespace, name))) {
      throw new ClusterError('already-exists', `${kind.plural} "${name}" already exists`, 409);
    }
    return this.write(kind, undefined, structuredClone(object)) as T;
  }

  async apply<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options: { force?: boolean; subresource?: 'status' } = {},
  ): Promise<T> {
    this.requireConnection();
    const { namespace, name, resourceVersion } = object.metadata;
    const before = this.all(kind).get(objectKey(namespace, name));
    if (!before && options.subresource) throw notFound(kind, name);
    if (before && resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      throw new ClusterError('conflict', `${kind.plural} "${name}" has been modified`, 409);
    }
    return this.patch(kind, before, object, options.subresource) as T;
  }

  async mergePatch<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: { subresource?: 'status' } = {},
  ): Promise<T> {
    this.requireConnection();
    const before = this.all(kind).get(objectKey(namespace, name));
    if (!before) throw notFound(kind, name);
    return this.patch(kind, before, patch, options.subresource) as T;
  }

  async delete(kind: ResourceKind, namespace: string | undefined, name: string): Promise<void> {
    this.requireConnection();
    const key = objectKey(namespace, name);
    const object = this.all(kind).get(key);
    if (!object) throw notFound(kind, name);
    if (object.metadata.finalizers?.length) {
      const deletionTimestamp = object.metadata.deletionTimestamp ?? new Date(this.nowMs()).toISOString();
      this.write(kind, object, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
      return;
    }
    this.all(kind).delete(key);
    for (const informer of this.informers) informer.removed(kindKey(kind), object);
  }

  lease(options: LeaseOptions): LeaseHandle {
    return this.leases.compete(options);
  }

  /** Takes a lease away from its holder, as when its renewals no longer arrive. */
  expireLease(namespace: string, name: string): void {
    this.leases.expire(namespace, name);
  }

  async probe(): Promise<void> {
    this.requireConnection();
  }

  private patch(
    kind: ResourceKind,
    before: Stored | undefined,
    patch: unknown,
    subresource?: 'status',
  ): Stored {
    const merged = applyMergePatch(structuredClone(before ?? {}), structuredClone(patch)) as Stored;
    const after = subresource
      ? { ...(before as Stored), status: merged.status }
      : { ...merged, status: before?.status };
    if (after.status === undefined) delete after.status;
    return this.write(kind, before, after);
  }

  private write(kind: ResourceKind, before: Stored | undefined, object: Stored): Stored {
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? `uid-${this.version + 1}`,
      resourceVersion: String(++this.version),
      creationTimestamp: before?.metadata.creationTimestamp ?? new Date(this.nowMs()).toISOString(),
      generation: (before?.metadata.generation ?? 0) + (before && specOf(before) === specOf(object) ? 0 : 1),
    };
    const after: Stored = { ...object, metadata };
    const key = objectKey(metadata.namespace, metadata.name);
    if (metadata.deletionTimestamp && !metadata.finalizers?.length) {
      this.all(kind).delete(key);
      for (const informer of this.informers) informer.removed(kindKey(kind), after);
    } else {
      this.all(kind).set(key, after);
      for (const informer of this.informers) informer.changed(kindKey(kind), after);
    }
    return structuredClone(after);
  }

  private select<T extends ClusterObject>(kind: ResourceKind<T>, options: InformerOptions): T[] {
    const objects = [...this.all(kind).values()].filter((object) => isSelected(object, options));
    return structuredClone(objects) as ClusterObject[] as T[];
  }

  private all(kind: ResourceKind): Map<string, Stored> {
    const key = kindKey(kind);
    const objects = this.objects.get(key) ?? new Map<string, Stored>();
    this.objects.set(key, objects);
    return objects;
  }

  private requireConnection(): void {
    if (this.away) throw new ClusterError('unavailable', 'the fake cluster is disconnected', 0);
  }
}

function isSelected(object: ClusterObject, { namespace, labelSelector }: InformerOptions): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  return matchesSelector(object.metadata.labels, labelSelector);
}

function kindKey(kind: ResourceKind): string {
  return `${kind.group}/${kind.version}/${kind.plural}`;
}

function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** Everything whose change makes a new generation. */
function specOf(object: Stored): string {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return JSON.stringify(rest);
}

function notFound(kind: ResourceKind, name: string): ClusterError {
  return new ClusterError('not-found', `${kind.plural} "${name}" not found`, 404);
}
