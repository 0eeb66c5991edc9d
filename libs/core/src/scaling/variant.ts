import type { Role } from './role.js';

/** One replica of a variant that exists and is not being deleted. */
export interface Replica {
  /** Pods of the replica, `<namespace>/<pod>`; several where a replica is a gang. */
  readonly pods: readonly string[];
  /** Every pod of it is ready. */
  readonly ready: boolean;
  /** It gets no new requests because it is about to be removed. */
  readonly draining: boolean;
}

/** One way to serve a role of a pool: a scalable object with its price and limits. */
export interface Variant {
  /** `<namespace>/<name>` of its VariantAutoscaling. */
  readonly key: string;
  readonly role: Role;
  /** Price of one replica per hour, in any unit that is the same for all variants of a pool. */
  readonly cost: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** `spec.replicas` of the target. */
  readonly specReplicas: number;
  readonly replicas: readonly Replica[];
  /** Whether we may set its replicas; others are recommended for only. */
  readonly writable: boolean;
  /** Time without requests after which the last replica may go, where it differs from the general one. */
  readonly idleMs?: number;
}
