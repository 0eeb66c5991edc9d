import type { ClusterObject, InformerHandlers } from '@penstock/core/ports';

/** Objects of one kind by namespace and name, with the changes between two states of the cluster. */
export class ObjectCache<T extends ClusterObject> {
  #objects = new Map<string, T>();
  #list: readonly T[] | undefined;

  constructor(private readonly handlers: Pick<InformerHandlers<T>, 'onUpsert' | 'onDelete'>) {}

  get size(): number {
    return this.#objects.size;
  }

  /** All objects; the same array until something changes. */
  list(): readonly T[] {
    this.#list ??= [...this.#objects.values()];
    return this.#list;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(key(namespace, name));
  }

  upsert(object: T): void {
    const id = key(object.metadata.namespace, object.metadata.name);
    const known = this.#objects.get(id);
    if (known !== undefined && sameVersion(known, object)) return;
    // Deleted and made again while we did not look: two objects, not one that changed.
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) this.delete(known);
    this.#objects.set(id, object);
    this.#list = undefined;
    this.handlers.onUpsert?.(object);
  }

  /** `object` is the last state the server told, which handlers see. */
  delete(object: T): void {
    if (!this.#objects.delete(key(object.metadata.namespace, object.metadata.name))) return;
    this.#list = undefined;
    this.handlers.onDelete?.(object);
  }

  /** A complete list: what is not in it is gone. */
  replaceAll(objects: readonly T[]): void {
    const present = new Set(objects.map((object) => key(object.metadata.namespace, object.metadata.name)));
    for (const [id, object] of [...this.#objects]) if (!present.has(id)) this.delete(object);
    for (const object of objects) this.upsert(object);
  }
}

function key(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** Resource versions are opaque: only equality means anything. */
function sameVersion(a: ClusterObject, b: ClusterObject): boolean {
  const version = a.metadata.resourceVersion;
  return version !== undefined && version === b.metadata.resourceVersion && a.metadata.uid === b.metadata.uid;
}
