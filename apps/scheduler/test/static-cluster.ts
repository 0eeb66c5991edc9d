import type { Cluster, ClusterObject, Informer, InformerHandlers, ResourceKind } from '@penstock/core/ports';

/** A cluster whose objects a test sets. Watches everything, ignores selectors: the caller's filters must hold. */
export class StaticCluster implements Partial<Cluster> {
  private readonly objects = new Map<string, ClusterObject[]>();
  private readonly handlers = new Map<string, InformerHandlers<ClusterObject>[]>();
  away = false;

  set(kind: ResourceKind<never>, objects: readonly unknown[]): void {
    const key = `${kind.group}/${kind.plural}`;
    this.objects.set(key, objects as ClusterObject[]);
    for (const handler of this.handlers.get(key) ?? []) handler.onSync?.();
  }

  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    _options: object,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> {
    const key = `${kind.group}/${kind.plural}`;
    const mine = handlers as InformerHandlers<ClusterObject>;
    this.handlers.set(key, [...(this.handlers.get(key) ?? []), mine]);
    setImmediate(() => handlers.onSync?.());
    return {
      list: () => (this.objects.get(key) ?? []) as T[],
      get: () => undefined,
      synced: true,
      ageMs: () => 0,
      stop: async () => {},
    };
  }

  async probe(): Promise<void> {
    if (this.away) throw new Error('the API does not answer');
  }

  async close(): Promise<void> {}
}
