import {
  type Cluster,
  ClusterError,
  type ClusterEvent,
  type ClusterObject,
  type DeleteOptions,
  type Informer,
  type InformerHandlers,
  type InformerOptions,
  type LeaseHandle,
  type LeaseOptions,
  type PodIdentity,
  type ResourceKind,
  type Scale,
} from '@penstock/core/ports';
import { apply as applyMergePatch } from 'json-merge-patch';
import { FakeInformer } from './fake-informer.js';
import { FakeLeases } from './fake-leases.js';
import { fakeScaleOf } from './fake-scale.js';
import { matchesFields } from './field-selector.js';
import { matchesSelector } from './label-selector.js';

type Stored = ClusterObject & { status?: unknown };

const PODS: ResourceKind = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/**
 * Kubernetes objects in memory: enough of the API's rules for controllers (uids, resource versions,
 * generations, finalizers, selectors, owners, bindings, scale, status apart from the rest), without schemas, defaults,
 * grace periods or field ownership; `startDevCluster` is the API itself.
 */
export class FakeCluster implements Cluster {
  /** Kubernetes Events that were recorded, oldest first. */
  readonly events: ClusterEvent[] = [];
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

  async update<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options: { subresource?: 'status' } = {},
  ): Promise<T> {
    const before = this.existing(kind, object.metadata.namespace, object.metadata.name);
    if (object.metadata.resourceVersion !== before.metadata.resourceVersion)
      throw stale(kind, object.metadata.name);
    const next = structuredClone(object) as Stored;
    const after = options.subresource
      ? { ...before, status: next.status }
      : { ...next, status: before.status };
    return this.write(kind, before, after) as T;
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
    if (before && resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw stale(kind, name);
    return this.patch(kind, before, object, options.subresource) as T;
  }

  async mergePatch<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: { subresource?: 'status' } = {},
  ): Promise<T> {
    const before = this.existing(kind, namespace, name);
    return this.patch(kind, before, patch, options.subresource) as T;
  }

  async delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const object = this.existing(kind, namespace, name);
    if (options.uid !== undefined && options.uid !== object.metadata.uid) throw stale(kind, name);
    if (object.metadata.finalizers?.length) {
      const deletionTimestamp = object.metadata.deletionTimestamp ?? new Date(this.nowMs()).toISOString();
      this.write(kind, object, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
      return;
    }
    this.remove(kindKey(kind), object, options.propagation !== 'Orphan');
  }

  async bindPod({ namespace, name, uid }: PodIdentity, nodeName: string): Promise<void> {
    const before = this.existing(PODS, namespace, name) as Stored & {
      spec?: { nodeName?: string; schedulingGates?: unknown[] };
    };
    const problem =
      before.metadata.uid !== uid
        ? `is another pod (uid ${before.metadata.uid})`
        : before.spec?.nodeName
          ? `is already assigned to node "${before.spec.nodeName}"`
          : before.metadata.deletionTimestamp
            ? 'is being deleted'
            : before.spec?.schedulingGates?.length
              ? 'has non-empty .spec.schedulingGates'
              : undefined;
    if (problem) throw new ClusterError('conflict', `pod ${name} ${problem}`, 409);
    const status = before.status as { conditions?: Array<{ type: string }> } | undefined;
    const conditions = (status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    this.write(PODS, before, {
      ...before,
      spec: { ...before.spec, nodeName },
      status: { ...status, conditions: [...conditions, { type: 'PodScheduled', status: 'True' }] },
    } as Stored);
  }

  async readScale(kind: ResourceKind, namespace: string, name: string): Promise<Scale | undefined> {
    const object = await this.get(kind, namespace, name);
    return object && fakeScaleOf(object);
  }

  async writeScale(
    kind: ResourceKind,
    namespace: string,
    name: string,
    replicas: number,
    { resourceVersion }: { resourceVersion?: string } = {},
  ): Promise<Scale> {
    const before = this.existing(kind, namespace, name);
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw stale(kind, name);
    return fakeScaleOf(this.patch(kind, before, { spec: { replicas } }));
  }

  recordEvent(event: ClusterEvent): void {
    if (!this.away) this.events.push(event);
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
      this.remove(kindKey(kind), after, true);
    } else {
      this.all(kind).set(key, after);
      for (const informer of this.informers) informer.changed(kindKey(kind), after);
    }
    return structuredClone(after);
  }

  /** Takes an object away, and with it those that nobody else owns. */
  private remove(kind: string, object: Stored, withDependents: boolean): void {
    const { namespace, name, uid } = object.metadata;
    this.objects.get(kind)?.delete(objectKey(namespace, name));
    for (const informer of this.informers) informer.removed(kind, object);
    if (!withDependents) return;
    for (const [dependentKind, objects] of this.objects) {
      for (const dependent of [...objects.values()]) {
        const owners = dependent.metadata.ownerReferences ?? [];
        if (owners.length > 0 && owners.every((owner) => owner.uid === uid))
          this.remove(dependentKind, dependent, true);
      }
    }
  }

  /** @throws ClusterError when the API is away or has no such object */
  private existing(kind: ResourceKind, namespace: string | undefined, name: string): Stored {
    this.requireConnection();
    const object = this.all(kind).get(objectKey(namespace, name));
    if (!object) throw notFound(kind, name);
    return object;
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

function isSelected(object: ClusterObject, options: InformerOptions): boolean {
  const { namespace, labelSelector, fieldSelector } = options;
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  return matchesFields(object, fieldSelector) && matchesSelector(object.metadata.labels, labelSelector);
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

function stale(kind: ResourceKind, name: string): ClusterError {
  return new ClusterError('conflict', `${kind.plural} "${name}" has been modified`, 409);
}

function notFound(kind: ResourceKind, name: string): ClusterError {
  return new ClusterError('not-found', `${kind.plural} "${name}" not found`, 404);
}
