/** An event stream that was registered over HTTP: one data-parallel rank of one instance. */
export interface InstanceRegistration {
  /** Whose instances a query sees. */
  readonly tenantId: string;
  /** What routers send requests to. */
  readonly instanceId: string;
  readonly dpRank: number;
  /** Served name of the base model. */
  readonly model: string;
  readonly blockSize: number;
  /** ZeroMQ address of its events, and of its replay; empty = nobody said. */
  readonly endpoint: string;
  readonly replayEndpoint: string;
  /** Kind of publisher, as it was registered. */
  readonly type: string;
}

/** Instances that are followed because somebody registered them, beside those that the cluster has. */
export interface InstanceRegistry {
  /**
   * Follows it until it is unregistered; the same registration again changes nothing. Throws `failed-precondition` when the
   * same rank of the instance is registered otherwise, `invalid-argument` when it cannot be followed.
   */
  register(registration: InstanceRegistration): void;
  /** Ends what matches; returns it. An absent tenant or rank is any. */
  unregister(which: {
    readonly instanceId: string;
    readonly tenantId?: string | undefined;
    readonly dpRank?: number | undefined;
  }): readonly InstanceRegistration[];
  registrations(): readonly InstanceRegistration[];
  /** The engine under whose id a registration is followed. */
  engineIdOf(registration: InstanceRegistration): string;
}
