import type { ClusterObject } from '@penstock/core/ports';

/** Objects by keys that they carry (labels, owners): finding those of one key costs no walk over all. */
export class ObjectIndex<T extends ClusterObject> {
  readonly #byKey = new Map<string, Map<string, T>>();
  readonly #keys = new Map<string, readonly string[]>();

  constructor(private readonly keysOf: (object: T) => readonly string[]) {}

  get(key: string): T[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }

  upsert(object: T): void {
    this.delete(object);
    const id = idOf(object);
    const keys = this.keysOf(object);
    this.#keys.set(id, keys);
    for (const key of keys) {
      const objects = this.#byKey.get(key) ?? new Map<string, T>();
      objects.set(id, object);
      this.#byKey.set(key, objects);
    }
  }

  delete(object: T): void {
    const id = idOf(object);
    for (const key of this.#keys.get(id) ?? []) {
      const objects = this.#byKey.get(key);
      objects?.delete(id);
      if (objects?.size === 0) this.#byKey.delete(key);
    }
    this.#keys.delete(id);
  }
}

function idOf({ metadata: { namespace = '', name } }: ClusterObject): string {
  return `${namespace}/${name}`;
}
