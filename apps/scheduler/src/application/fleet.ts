import type { EngineRole } from './engine-role.js';

/** One engine as the scheduler knows it now. */
export interface FleetEndpoint {
  readonly engineId: string;
  /** `ip:port`. */
  readonly address: string;
  /** Node its pod runs on; absent when the cluster did not say. */
  readonly node?: string;
  readonly role: EngineRole;
  /**
   * Why no new request may go there: `terminating`, `not-ready`, `prefill-only`, `unreachable`, `draining`; absent when
   * it may.
   */
  readonly excluded?: string;
  /** Its pod is ready, and it was asked about itself since it started and did not refuse the connection. */
  readonly answers: boolean;
  /** Grows when another process is behind the address; absent = 0. */
  readonly lives?: number;
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
  /** In the order of engine ids. */
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
  pool(namespace: string, name: string): FleetPool | undefined;
  /** `draw` in [0, 1) chooses among weighted targets. */
  route(model: string, draw: number): ModelRoute;
  /** Names that objects of the cluster define. */
  definedModels(): readonly string[];
  /** The pool that will have an engine for a target model sooner or later, where no engine of now serves it. */
  expectedPool(targetModel: string): FleetPool | undefined;
  /** Whether the pool will have an engine for the target model sooner or later: an object says so, or it had one. */
  expects(pool: FleetPool, model: string, targetModel: string): boolean;
  /** Base models of a pool, with engines or without; empty when nothing tells. */
  baseModels(pool: FleetPool): readonly string[];
  /** The base model that a target of a pool is, or is an adapter of; the target itself when nothing tells. */
  baseModelOf(pool: FleetPool, targetModel: string): string;
  /** A connection to the engine failed: no new requests until it is seen alive again. */
  reportUnreachable(address: string): void;
}
