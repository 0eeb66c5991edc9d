import {
  type Cluster,
  ClusterError,
  type ClusterEvent,
  type ClusterObject,
  type ResourceKind,
} from '@penstock/core/ports';
import type { LeaderTerm } from '../leader/leader-part.js';
import { controllerUid } from '../workload/ownership.js';
import { stableHash } from '../workload/stable-hash.js';

type WithStatus = ClusterObject & { status?: unknown };

/** A write that came too late: another replica may lead by now. */
export class NotLeadingError extends Error {
  constructor() {
    super('this replica no longer leads');
    this.name = 'NotLeadingError';
  }
}

/** The name of an object that is to be made is in use. */
export class NameTakenError extends Error {
  constructor(kind: ResourceKind, { namespace, name }: ClusterObject['metadata']) {
    super(
      `${kind.kind} ${namespace}/${name} exists and is not ours: delete or rename it, or rename the PodCliqueSet`,
    );
    this.name = 'NameTakenError';
  }
}

/** Writes only while this replica leads; every write may be repeated without harm. */
export class FencedWriter {
  constructor(
    private readonly cluster: Cluster,
    private readonly term: Pick<LeaderTerm, 'isHeld'>,
  ) {}

  /**
   * The object as created, or as it exists already under the same owner. Undefined while one of another owner is being
   * deleted.
   * @throws NameTakenError when somebody else's object has the name
   */
  async create<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T | undefined> {
    this.requireTerm();
    try {
      return await this.cluster.create(kind, object);
    } catch (error) {
      if (!isReason(error, 'already-exists')) throw error;
    }
    const { namespace, name } = object.metadata;
    const found = await this.cluster.get(kind, namespace, name);
    if (!found || controllerUid(found) === controllerUid(object)) return found;
    if (found.metadata.deletionTimestamp === undefined) throw new NameTakenError(kind, object.metadata);
    return undefined;
  }

  /** @throws ClusterError conflict when the object changed since it was read */
  async update<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T> {
    this.requireTerm();
    return await this.cluster.update(kind, object);
  }

  /** Writes a status that others write parts of too, only if it says something new. */
  async updateStatus<T extends WithStatus>(
    kind: ResourceKind<T>,
    object: T,
    status: T['status'],
  ): Promise<T> {
    if (stableHash(object.status ?? {}) === stableHash(status)) return object;
    this.requireTerm();
    return await this.cluster.update(kind, { ...object, status }, { subresource: 'status' });
  }

  /** Writes a status that is ours alone, only if it says something new. */
  async patchStatus<T extends WithStatus>(
    kind: ResourceKind<T>,
    object: T,
    status: T['status'],
  ): Promise<void> {
    if (stableHash(object.status ?? {}) === stableHash(status)) return;
    const { namespace, name, uid } = object.metadata;
    this.requireTerm();
    await this.cluster.mergePatch(
      kind,
      namespace,
      name,
      { metadata: { uid }, status },
      { subresource: 'status' },
    );
  }

  /** Changes this life of an object. */
  async patch<T extends ClusterObject>(kind: ResourceKind<T>, { metadata }: T, patch: object): Promise<void> {
    this.requireTerm();
    const { namespace, name, uid } = metadata;
    const { metadata: more, ...rest } = patch as { metadata?: object };
    await this.cluster.mergePatch(kind, namespace, name, { metadata: { uid, ...more }, ...rest });
  }

  /** Deletes this life of an object; one that is gone already is as good. */
  async delete(kind: ResourceKind, { metadata: { namespace, name, uid } }: ClusterObject): Promise<void> {
    this.requireTerm();
    try {
      await this.cluster.delete(kind, namespace, name, uid === undefined ? {} : { uid });
    } catch (error) {
      if (!isReason(error, 'not-found') && !isReason(error, 'conflict')) throw error;
    }
  }

  tell(event: ClusterEvent): void {
    if (this.term.isHeld()) this.cluster.recordEvent(event);
  }

  private requireTerm(): void {
    if (!this.term.isHeld()) throw new NotLeadingError();
  }
}

function isReason(error: unknown, reason: ClusterError['reason']): boolean {
  return error instanceof ClusterError && error.reason === reason;
}
