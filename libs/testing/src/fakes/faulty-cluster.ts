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
} from '@penstock/core/ports';

/**
 * - `before`: the process dies instead of the write.
 * - `after`: the write is done, and the process dies before it hears of it.
 * - `answer-lost`: the write is done, the process is told that nobody answered, and lives on.
 */
export type WriteFault = 'before' | 'after' | 'answer-lost';

export interface FaultyClusterOptions {
  readonly fault: WriteFault;
  /** Number of the write, from 1, at which it happens; 0 = never. Leases and Events are not counted. */
  readonly atWrite: number;
  /** Called when it has happened, e.g. to end the real process. */
  readonly onFault?: () => void;
}

/**
 * A cluster as one process sees it that dies, or loses an answer, at one of its writes. A dead process reads, writes
 * and hears nothing any more and its lease is free; what it wrote stays.
 */
export class FaultyCluster implements Cluster {
  /** Writes so far. */
  writes = 0;
  private dead = false;
  private readonly leases = new Set<LeaseHandle>();

  constructor(
    private readonly cluster: Cluster,
    private readonly options: FaultyClusterOptions,
  ) {}

  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> {
    return this.cluster.inform(kind, options, {
      onUpsert: (object) => this.dead || handlers.onUpsert?.(object),
      onDelete: (object) => this.dead || handlers.onDelete?.(object),
      onSync: () => this.dead || handlers.onSync?.(),
    });
  }

  async get<T extends ClusterObject>(kind: ResourceKind<T>, namespace: string | undefined, name: string) {
    this.requireLife();
    return await this.cluster.get(kind, namespace, name);
  }

  async list<T extends ClusterObject>(kind: ResourceKind<T>, options: InformerOptions): Promise<T[]> {
    this.requireLife();
    return await this.cluster.list(kind, options);
  }

  create<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T> {
    return this.write(() => this.cluster.create(kind, object));
  }

  update<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: { subresource?: 'status' },
  ): Promise<T> {
    return this.write(() => this.cluster.update(kind, object, options));
  }

  apply<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: { force?: boolean; subresource?: 'status' },
  ): Promise<T> {
    return this.write(() => this.cluster.apply(kind, object, options));
  }

  mergePatch<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options?: { subresource?: 'status' },
  ): Promise<T> {
    return this.write(() => this.cluster.mergePatch(kind, namespace, name, patch, options));
  }

  delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void> {
    return this.write(() => this.cluster.delete(kind, namespace, name, options));
  }

  bindPod(pod: PodIdentity, nodeName: string): Promise<void> {
    return this.write(() => this.cluster.bindPod(pod, nodeName));
  }

  async readScale(kind: ResourceKind, namespace: string, name: string) {
    this.requireLife();
    return await this.cluster.readScale(kind, namespace, name);
  }

  writeScale(
    kind: ResourceKind,
    namespace: string,
    name: string,
    replicas: number,
    options?: { resourceVersion?: string },
  ) {
    return this.write(() => this.cluster.writeScale(kind, namespace, name, replicas, options));
  }

  recordEvent(event: ClusterEvent): void {
    if (!this.dead) this.cluster.recordEvent(event);
  }

  lease(options: LeaseOptions): LeaseHandle {
    const lease = this.cluster.lease({
      ...options,
      onAcquired: (transitions) => this.dead || options.onAcquired(transitions),
      onLost: () => this.dead || options.onLost(),
    });
    this.leases.add(lease);
    const isDead = () => this.dead;
    return {
      get held() {
        return !isDead() && lease.held;
      },
      get transitions() {
        return lease.transitions;
      },
      release: () => lease.release(),
    };
  }

  async probe(): Promise<void> {
    this.requireLife();
    await this.cluster.probe();
  }

  private async write<T>(run: () => Promise<T>): Promise<T> {
    this.requireLife();
    const { fault, atWrite, onFault } = this.options;
    this.writes++;
    if (this.writes !== atWrite) return await run();
    if (fault === 'before') this.die();
    else await run();
    if (fault === 'after') this.die();
    onFault?.();
    throw new ClusterError('unavailable', `the answer to write ${atWrite} was lost`, 0);
  }

  private die(): void {
    this.dead = true;
    for (const lease of this.leases) void lease.release();
  }

  private requireLife(): void {
    if (this.dead) throw new ClusterError('unavailable', 'this process is dead', 0);
  }
}
