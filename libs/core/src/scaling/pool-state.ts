/** What is remembered of one variant between two recommendations. */
export interface VariantMemory {
  /** KV bound of one replica in tokens, as last seen. */
  readonly kvBound?: { readonly tokens: number; readonly atMs: number };
  /** Tokens that saturated replicas carried, newest last. */
  readonly saturated: ReadonlyArray<{ readonly tokens: number; readonly atMs: number }>;
  /** By replica (its first pod): since when it is saturated. */
  readonly saturatedSinceMs: Readonly<Record<string, number>>;
  /** Since when as many replicas as now are missing. */
  readonly waiting?: { readonly replicas: number; readonly ready: number; readonly sinceMs: number };
}

/** Token demand of one role at one moment. */
export interface DemandSample {
  readonly atMs: number;
  readonly tokens: number;
  /** False when the engines' own figures were missing and the schedulers' were used. */
  readonly measured: boolean;
}

/** What is remembered of one role of a pool. */
export interface RoleMemory {
  /** Replicas of all its variants, drained ones left out, at the last recommendation. */
  readonly replicas: number;
  readonly changedAtMs: number;
  /** Replicas added within the last period. */
  readonly added: ReadonlyArray<{ readonly atMs: number; readonly replicas: number }>;
  /** Without a hole; emptied when demand was unknown. */
  readonly samples: readonly DemandSample[];
}

/** Everything a recommendation depends on besides its input. Plain data; never changed in place. */
export interface PoolState {
  readonly variants: Readonly<Record<string, VariantMemory>>;
  readonly roles: Readonly<Record<string, RoleMemory>>;
}

export const EMPTY_POOL_STATE: PoolState = { variants: {}, roles: {} };
