/** One port of one engine pod: where requests can go. */
export interface Endpoint {
  /** `<namespace>/<pod>`, followed by `#<rank>` for ranks above 0 that have a port of their own. */
  readonly engineId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  /** Restarts of the engine's container within this pod: with `podUid` and `startedAtMs` the life of its cache. */
  readonly restartCount: number;
  /** When the engine's container started, milliseconds since the epoch, full seconds; absent until it runs. */
  readonly startedAtMs?: number;
  readonly ip: string;
  readonly port: number;
  /** Data-parallel rank: index of the port in the pool's target ports. */
  readonly rank: number;
  /** Ranks behind this one port, from `rank` on, each with a KV cache and events of its own; absent = one. */
  readonly localRanks?: number;
  /** What an engine adds to its event ports for the first of those ranks, beside `rank`; absent = 0. */
  readonly firstRank?: number;
  /** `ip:port`, with brackets around an IPv6 address. */
  readonly address: string;
  /** The pod says it can serve and is not being deleted: new requests may go here. */
  readonly ready: boolean;
  /** The pod is being deleted: requests under way may finish. */
  readonly terminating: boolean;
  /** The pod is about to be removed (annotation `penstock.dev/draining`): it serves, but nothing new should go there. */
  readonly draining: boolean;
  /** Node that the pod runs on; absent until it is bound to one. */
  readonly nodeName?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** From a container port named `kv-events` (plus the rank, as vLLM does); absent when none is declared. First rank here. */
  readonly kvEventsPort?: number;
  /** From a container port named `kv-replay`, plus the rank. */
  readonly kvReplayPort?: number;
}
