export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: Array<{
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }>;
}

export interface ClusterObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Address of a kind in the API: `GET /apis/<group>/<version>/namespaces/<ns>/<plural>`. */
export interface ResourceKind<T extends ClusterObject = ClusterObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Type carrier only; never set. */
  readonly type?: T;
}

export interface InformerOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export interface InformerHandlers<T> {
  readonly onUpsert?: (object: T) => void;
  readonly onDelete?: (object: T) => void;
  /** After every complete (re)list. */
  readonly onSync?: () => void;
}

export interface Informer<T> {
  /** Objects as last seen; stays available while the API is away. */
  list(): readonly T[];
  get(namespace: string | undefined, name: string): T | undefined;
  readonly synced: boolean;
  /** Milliseconds since the watch last proved itself alive. */
  ageMs(): number;
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly durationMs?: number;
  readonly onAcquired: (transitions: number) => void;
  readonly onLost: () => void;
}

export interface LeaseHandle {
  readonly held: boolean;
  /** Fencing token: grows with every change of holder. */
  readonly transitions: number;
  release(): Promise<void>;
}

/** The Kubernetes API as the services need it. Errors are `ClusterError` with a reason. */
export interface Cluster {
  inform<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers?: InformerHandlers<T>,
  ): Informer<T>;
  get<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined>;
  list<T extends ClusterObject>(kind: ResourceKind<T>, options: InformerOptions): Promise<T[]>;
  create<T extends ClusterObject>(kind: ResourceKind<T>, object: T): Promise<T>;
  /** Server-side apply with our field manager; owns only the fields sent. */
  apply<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: { force?: boolean; subresource?: 'status' },
  ): Promise<T>;
  mergePatch<T extends ClusterObject>(
    kind: ResourceKind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options?: { subresource?: 'status' },
  ): Promise<T>;
  delete(kind: ResourceKind, namespace: string | undefined, name: string): Promise<void>;
  lease(options: LeaseOptions): LeaseHandle;
  /** Exercises the API; throws with the reason when it does not answer. */
  probe(): Promise<void>;
}

export type ClusterErrorReason =
  | 'not-found'
  | 'conflict'
  | 'already-exists'
  | 'gone'
  | 'invalid'
  | 'forbidden'
  | 'throttled'
  | 'unavailable';

export class ClusterError extends Error {
  constructor(
    readonly reason: ClusterErrorReason,
    message: string,
    /** HTTP status, 0 when no answer came. */
    readonly status: number,
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = 'ClusterError';
  }
}
