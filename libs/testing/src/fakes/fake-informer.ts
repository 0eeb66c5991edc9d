import type { ClusterObject, Informer, InformerHandlers } from '@penstock/core/ports';

export interface FakeInformerSource<T> {
  nowMs(): number;
  isAway(): boolean;
  select(object: ClusterObject): boolean;
  list(): T[];
  onStop(): void;
}

/** Informer of `FakeCluster`: lists in the next microtask, then follows every write at once. */
export class FakeInformer<T extends ClusterObject> implements Informer<T> {
  private readonly objects = new Map<string, T>();
  private hasSynced = false;
  private stopped = false;
  private aliveMs: number;

  constructor(
    private readonly kind: string,
    private readonly handlers: InformerHandlers<T>,
    private readonly source: FakeInformerSource<T>,
  ) {
    this.aliveMs = source.nowMs();
    queueMicrotask(() => this.relist());
  }

  get synced(): boolean {
    return this.hasSynced;
  }

  list(): readonly T[] {
    return [...this.objects.values()];
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.objects.get(`${namespace ?? ''}/${name}`);
  }

  ageMs(): number {
    return this.source.isAway() ? this.source.nowMs() - this.aliveMs : 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.source.onStop();
  }

  relist(): void {
    if (!this.follows()) return;
    const listed = new Map(this.source.list().map((object) => [keyOf(object), object]));
    for (const [key, object] of this.objects) {
      if (!listed.has(key)) this.drop(key, object);
    }
    for (const [key, object] of listed) {
      if (this.objects.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion)
        this.keep(key, object);
    }
    this.hasSynced = true;
    this.handlers.onSync?.();
  }

  changed(kind: string, object: ClusterObject): void {
    if (kind !== this.kind || !this.hasSynced || !this.follows()) return;
    const key = keyOf(object);
    const known = this.objects.get(key);
    if (this.source.select(object)) this.keep(key, structuredClone(object) as T);
    else if (known) this.drop(key, known);
  }

  removed(kind: string, object: ClusterObject): void {
    if (kind !== this.kind || !this.follows()) return;
    const known = this.objects.get(keyOf(object));
    if (known) this.drop(keyOf(object), known);
  }

  private follows(): boolean {
    if (this.stopped || this.source.isAway()) return false;
    this.aliveMs = this.source.nowMs();
    return true;
  }

  private keep(key: string, object: T): void {
    this.objects.set(key, object);
    this.handlers.onUpsert?.(object);
  }

  private drop(key: string, object: T): void {
    this.objects.delete(key);
    this.handlers.onDelete?.(object);
  }
}

function keyOf(object: ClusterObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
