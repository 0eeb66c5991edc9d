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
  /** As far as the API server supports it for the kind, e.g. `spec.nodeName=node-1` of pods. */
  readonly fieldSelector?: string;
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

/** The `autoscaling/v1` Scale of an object. */
export interface Scale {
  /** Wanted: `spec.replicas` of the scale. */
  readonly replicas: number;
  /** Observed: `status.replicas` of the scale. */
  readonly observedReplicas: number;
  /** Label selector of the target's pods, as text; empty when the target does not say. */
  readonly selector: string;
  readonly resourceVersion: string;
}

/** One pod, by the life of it that is meant. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Something to tell about an object: what `kubectl describe` and `kubectl get events` show. */
export interface ClusterEvent {
  readonly regarding: ClusterObject;
  readonly type: 'Normal' | 'Warning';
  /** One word in UpperCamelCase: `FailedScheduling`. */
  readonly reason: string;
  readonly message: string;
}

export interface DeleteOptions {
  /** Deletes only this life of the name. */
  readonly uid?: string;
  /** What becomes of objects that it owns; default Background. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
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
  /** Replaces an object (or its status) as it was read: `conflict` when it changed since. Needs its resourceVersion. */
  update<T extends ClusterObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: { subresource?: 'status' },
  ): Promise<T>;
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
  /** `not-found` when there is no such object, `conflict` when it is another life of the name than `options.uid`. */
  delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>;
  /** Gives a pod its node. `conflict` when it has one, is being deleted, is gated or is another life of the name. */
  bindPod(pod: PodIdentity, nodeName: string): Promise<void>;
  /** Undefined when the object does not exist. */
  readScale(kind: ResourceKind, namespace: string, name: string): Promise<Scale | undefined>;
  /** Sets the wanted replicas. With a resourceVersion: `conflict` when the object changed since. */
  writeScale(
    kind: ResourceKind,
    namespace: string,
    name: string,
    replicas: number,
    options?: { resourceVersion?: string },
  ): Promise<Scale>;
  /** Records a Kubernetes Event in the background; never fails. The same event again only raises its count. */
  recordEvent(event: ClusterEvent): void;
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
