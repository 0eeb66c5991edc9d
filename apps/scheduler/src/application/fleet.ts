/** One engine as the scheduler knows it now. */
export interface FleetEndpoint {
  readonly engineId: string;
  /** `ip:port`. */
  readonly address: string;
  /** Why no new request may go there: `not-ready`, `terminating`, `unreachable`; absent when it may. */
  readonly excluded?: string;
  readonly waiting: number;
  readonly running: number;
  /** 0–1. */
  readonly kvUsage: number;
  readonly kvCapacityTokens: number;
  /** When the figures above were scraped; absent before the first scrape. */
  readonly scrapedAtMs?: number;
  /** Names the engine answers to; empty until it was asked. */
  readonly servedModels: ReadonlySet<string>;
  /** Those of them that are LoRA adapters. */
  readonly adapters: ReadonlySet<string>;
  /** Served name of the base model; absent until known. */
  readonly baseModel?: string;
  /** Tokens per KV block; 0 until known. */
  readonly blockSize: number;
}

export interface FleetPool {
  readonly namespace: string;
  readonly name: string;
  /** Routing policy asked for by the pool's annotation. */
  readonly policyName?: string;
  readonly endpoints: readonly FleetEndpoint[];
}

export interface ModelRoute {
  readonly pool?: { readonly namespace: string; readonly name: string };
  readonly targetModel: string;
  /** Which object decided; `none` when no object names the model. */
  readonly rule: string;
}

/** Pools, engines and models as last seen: answers from memory. */
export interface Fleet {
  pools(): readonly FleetPool[];
  /** `draw` in [0, 1) chooses among weighted targets. */
  route(model: string, draw: number): ModelRoute;
  /** Names that objects of the cluster define. */
  definedModels(): readonly string[];
  /** A connection to the engine failed: no new requests until it is seen alive again. */
  reportUnreachable(address: string): void;
}
