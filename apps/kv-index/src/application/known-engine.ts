import type { Endpoint, Pool } from '@penstock/cluster';
import type { EngineCache } from '@penstock/core/kv';

/** What the read APIs see of an engine, whichever replica follows its events. */
export interface KnownEngine {
  readonly engineId: string;
  readonly pool: Pool;
  readonly endpoint: Endpoint;
  /** Served name of the base model; empty until known. */
  readonly model: string;
  /** Tokens per block; 0 until known. */
  readonly blockSize: number;
  /** Newest life of its cache. */
  readonly incarnation: number;
  /** connecting, replaying, live, stale or gone. */
  readonly state: string;
  /** Whether events of it are expected: its pod says so, or they were reached. */
  readonly publishesEvents: boolean;
  /** Only of an engine that this replica follows itself. */
  readonly cache?: EngineCache | undefined;
  /** The replica that follows it, where that is another one. */
  readonly replica?: string | undefined;
  /** Age of the last live batch when it was applied; absent before the first. */
  readonly lagMs?: number | undefined;
}

/** The engines this replica knows. */
export interface EngineDirectory {
  engines(): Iterable<KnownEngine>;
  get(engineId: string): KnownEngine | undefined;
}
