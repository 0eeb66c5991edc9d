import type { EventData } from '@penstock/contracts';
import type { EngineSync, KvDelta, KvSnapshot, ReadableIndex, ReplicaEvent } from '@penstock/core/kv';
import type { Clock } from '@penstock/core/ports';
import type { EngineContents } from './engine-contents.js';

/**
 * Keeps an index equal to what KV events say, on this thread or on one of its own, and lets this thread read it without
 * waiting. What is handed over is carried out in order; a worker does so a little later, hence no answers.
 */
export interface ReplicaHost {
  /** The same object for the host's whole life. */
  readonly index: ReadableIndex;
  /** A `kv.delta` as it came; its keys stay packed until they are applied. */
  takeBatch(data: EventData<'kv.delta'>): void;
  /** A `kv.snapshot` as it came. */
  takeSnapshot(data: EventData<'kv.snapshot'>): void;
  /** Changes of caches that this process follows at first hand. */
  takeDeltas(deltas: readonly KvDelta[]): void;
  /** Whole states of such caches. */
  takeSnapshots(snapshots: readonly KvSnapshot[]): void;
  /** As `KvReplica.engineGone`. */
  engineGone(engineId: string, incarnation?: number): void;
  /** As `KvReplica.lostTrack`. */
  lostTrack(except?: ReadonlySet<string>): void;
  /** As `KvReplica.forgetSilentStorage`. */
  forgetSilentStorage(silentMs: number): void;
  /** Whether every change of the engine's cache is in the index. */
  isSynced(engineId: string): boolean;
  sync(engineId: string): EngineSync | undefined;
  /** Engines and storage that anything was heard of. */
  followed(): readonly EngineSync[];
  /** Whether `onEvent` is to be called. */
  watch(isWatched: boolean): void;
  /**
   * Calls back with what an engine holds: every event told before is in there, those told later come on top. With nothing, when
   * that cannot be known any more.
   */
  contents(engineId: string, withKeys: boolean, onContents: (contents: EngineContents) => void): void;
  status(): ReplicaHostStatus;
  /** Resolves when everything handed over so far is in the index. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface ReplicaHostStatus {
  readonly mode: 'worker' | 'in-thread';
  /** Bytes handed over and not applied yet. */
  readonly backlogBytes: number;
  /** Times everything was given up because the backlog was full. */
  readonly overflows: number;
  /** Workers that took the place of one that died. */
  readonly restarts: number;
  /** Lookups that found the index locked for too long and were answered with nothing. */
  readonly timeouts: number;
  /** Why nothing is known at the moment; absent when all is well. */
  readonly problem?: string;
}

export interface ReplicaHostOptions {
  readonly clock: Clock;
  /** Most (block, holder) pairs of the index. */
  readonly maxHolders?: number;
  /** Most bytes handed over and not applied; when there are more, everything is lost track of. 64 MiB by default. */
  readonly maxBacklogBytes?: number;
  /** Called with what updates did: `applied`, `duplicate`, `gap`, `dropped`, …; of storage `forgotten`, of all `lost`. */
  readonly onUpdates?: (type: string, outcome: string, count: number) => void;
  /** Called with what happens to the index, after it did, while it is watched. */
  readonly onEvent?: (event: ReplicaEvent) => void;
  /** Everything was given up, also what this process follows at first hand: its snapshots are wanted. */
  readonly onLost?: (reason: string) => void;
  /** Updates of these engines, at first hand, did not apply: their snapshots are wanted. */
  readonly onOwnRefused?: (engineIds: readonly string[]) => void;
}
