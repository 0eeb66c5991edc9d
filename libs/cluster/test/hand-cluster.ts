import type {
  Cluster,
  ClusterObject,
  Informer,
  InformerHandlers,
  InformerOptions,
  ResourceKind,
} from '@penstock/core/ports';

interface Watcher {
  readonly kind: ResourceKind;
  readonly options: InformerOptions;
  readonly handlers: InformerHandlers<ClusterObject>;
  synced: boolean;
  stopped: boolean;
}

/** A cluster whose objects the test puts there by hand; kinds sync when the test says so. */
export class HandCluster {
  readonly watchers: Watcher[] = [];
  readonly #objects = new Map<string, ClusterObject>();
  /** Kinds (by plural) whose informers sync at once. */
  syncsAtOnce = true;

  get cluster(): Cluster {
    return this as unknown as Cluster;
  }

  put(kind: ResourceKind, object: ClusterObject): void {
    this.#objects.set(this.#key(kind, object), object);
    for (const watcher of this.#watching(kind)) {
      if (this.#matches(watcher, object)) watcher.handlers.onUpsert?.(object);
      else watcher.handlers.onDelete?.(object);
    }
  }

  remove(kind: ResourceKind, object: ClusterObject): void {
    this.#objects.delete(this.#key(kind, object));
    for (const watcher of this.#watching(kind)) watcher.handlers.onDelete?.(object);
  }

  sync(): void {
    for (const watcher of this.watchers) {
      if (watcher.synced) continue;
      watcher.synced = true;
      watcher.handlers.onSync?.();
    }
  }

  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> {
    const watcher: Watcher = {
      kind,
      options,
      handlers: handlers as unknown as InformerHandlers<ClusterObject>,
      synced: false,
      stopped: false,
    };
    this.watchers.push(watcher);
    if (this.syncsAtOnce) setImmediate(() => this.sync());
    const list = () =>
      watcher.synced
        ? [...this.#objects]
            .filter(([key, object]) => key.startsWith(this.#prefix(kind)) && this.#matches(watcher, object))
            .map(([, object]) => object as T)
        : [];
    return {
      list,
      get: (namespace, name) =>
        list().find((o) => o.metadata.namespace === namespace && o.metadata.name === name),
      get synced() {
        return watcher.synced;
      },
      ageMs: () => 7,
      stop: async () => {
        watcher.stopped = true;
      },
    };
  }

  #watching(kind: ResourceKind): Watcher[] {
    return this.watchers.filter((w) => !w.stopped && w.synced && this.#prefix(w.kind) === this.#prefix(kind));
  }

  #matches(watcher: Watcher, object: ClusterObject): boolean {
    const { namespace, labelSelector = '' } = watcher.options;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
    return labelSelector
      .split(',')
      .filter(Boolean)
      .every((term) => {
        const [key = '', value] = term.split('=');
        return object.metadata.labels?.[key] === value;
      });
  }

  #prefix(kind: ResourceKind): string {
    return `${kind.group}/${kind.plural}|`;
  }

  #key(kind: ResourceKind, object: ClusterObject): string {
    return `${this.#prefix(kind)}${object.metadata.namespace}/${object.metadata.name}`;
  }
}
