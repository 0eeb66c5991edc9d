import { LRUCache } from 'lru-cache';
import type { ApiObject, OwnerReference } from '../object/api-object.js';
import type { StoreEvent } from '../storage/event.js';
import type { ObjectStore } from '../storage/object-store.js';

/** Deleted objects whose dependents may still come by. */
const MAX_REMEMBERED = 10_000;

interface ObjectAddress {
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Who exists, and who depends on whom, by uid. */
export class OwnershipIndex {
  private readonly addresses = new Map<string, ObjectAddress>();
  private readonly dependents = new Map<string, Set<string>>();
  private readonly gone = new LRUCache<string, true>({ max: MAX_REMEMBERED });

  constructor(private readonly store: ObjectStore) {
    for (const resource of store.resourcesInUse()) {
      for (const object of store.list(resource)) this.add(resource, object);
    }
  }

  apply({ type, resource, object, previous }: StoreEvent): void {
    if (previous) this.remove(previous);
    if (type === 'DELETED') this.gone.set(object.metadata.uid, true);
    else this.add(resource, object);
  }

  /**
   * What became of an owner that something in a namespace names: `elsewhere` is one in a namespace, which nothing
   * outside of it can have; `unseen` is one that was not there since the dev cluster started.
   */
  stateOf(owner: OwnerReference, namespace: string | undefined): 'present' | 'gone' | 'unseen' | 'elsewhere' {
    const address = this.addresses.get(owner.uid);
    if (!address) return this.gone.has(owner.uid) ? 'gone' : 'unseen';
    return address.namespace === undefined || address.namespace === namespace ? 'present' : 'elsewhere';
  }

  /** The object with its resource, or undefined when it is gone. */
  find(uid: string): { resource: string; object: ApiObject } | undefined {
    const address = this.addresses.get(uid);
    const object = address && this.store.get(address.resource, address.namespace, address.name);
    return object ? { resource: address.resource, object } : undefined;
  }

  dependentsOf(uid: string): string[] {
    return [...(this.dependents.get(uid) ?? [])];
  }

  /** Every object that names an owner. */
  allDependents(): string[] {
    return [...new Set([...this.dependents.values()].flatMap((uids) => [...uids]))];
  }

  private add(resource: string, { metadata }: ApiObject): void {
    this.addresses.set(metadata.uid, { resource, namespace: metadata.namespace, name: metadata.name });
    for (const owner of metadata.ownerReferences ?? []) {
      const uids = this.dependents.get(owner.uid) ?? new Set();
      this.dependents.set(owner.uid, uids.add(metadata.uid));
    }
  }

  private remove({ metadata }: ApiObject): void {
    this.addresses.delete(metadata.uid);
    for (const owner of metadata.ownerReferences ?? []) {
      const uids = this.dependents.get(owner.uid);
      uids?.delete(metadata.uid);
      if (uids?.size === 0) this.dependents.delete(owner.uid);
    }
  }
}
