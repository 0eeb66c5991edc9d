import type { ApiObject } from '../object/api-object.js';
import type { StoreEvent } from '../storage/event.js';
import type { ObjectStore } from '../storage/object-store.js';

interface ObjectAddress {
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Who exists, and who depends on whom, by uid. */
export class OwnershipIndex {
  private readonly addresses = new Map<string, ObjectAddress>();
  private readonly dependents = new Map<string, Set<string>>();

  constructor(private readonly store: ObjectStore) {
    for (const resource of store.resourcesInUse()) {
      for (const object of store.list(resource)) this.add(resource, object);
    }
  }

  apply({ type, resource, object, previous }: StoreEvent): void {
    if (previous) this.remove(previous);
    if (type !== 'DELETED') this.add(resource, object);
  }

  exists(uid: string): boolean {
    return this.addresses.has(uid);
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
