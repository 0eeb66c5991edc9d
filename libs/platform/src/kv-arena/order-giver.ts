import type { EventData } from '@penstock/contracts';
import { isKnownKvWire } from '@penstock/contracts/kv-wire';
import type { KvDelta, KvSnapshot, ReadableIndex, SyncEntry } from '@penstock/core/kv';
import type { Clock } from '@penstock/core/ports';
import type { FollowedEngine, ReplicaHost, ReplicaHostStatus } from './replica-host.js';
import type { ReplicaOrder } from './replica-order.js';

/** What every host does alike: it makes orders of calls, and reads the index. */
export abstract class OrderGiver implements ReplicaHost {
  abstract readonly index: ReadableIndex;

  constructor(private readonly clock: Clock) {}

  takeBatch(data: EventData<'kv.delta'>): void {
    if (isKnownKvWire(data)) this.give({ type: 'kv.delta', nowMs: this.clock.nowMs(), data });
    else this.give({ type: 'unknown-wire' });
  }

  takeSnapshot(data: EventData<'kv.snapshot'>): void {
    this.give({ type: 'kv.snapshot', nowMs: this.clock.nowMs(), data });
  }

  takeDeltas(deltas: readonly KvDelta[]): void {
    if (deltas.length > 0) this.give({ type: 'own', nowMs: this.clock.nowMs(), deltas });
  }

  takeSnapshots(snapshots: readonly KvSnapshot[]): void {
    if (snapshots.length > 0) this.give({ type: 'own-snapshot', nowMs: this.clock.nowMs(), snapshots });
  }

  engineGone(engineId: string, incarnation?: number): void {
    this.give({ type: 'gone', engineId, incarnation });
  }

  lostTrack(except?: ReadonlySet<string>): void {
    this.give({ type: 'lost', except });
  }

  forgetSilentStorage(silentMs: number): void {
    this.give({ type: 'silent', nowMs: this.clock.nowMs(), silentMs });
  }

  isSynced(engineId: string): boolean {
    return this.entry(engineId)?.state === 'synced';
  }

  sync(engineId: string): FollowedEngine | undefined {
    const entry = this.entry(engineId);
    return entry && this.seen(entry);
  }

  followed(): ReadonlyMap<string, FollowedEngine> {
    return new Map([...this.index.syncs()].map(([engineId, entry]) => [engineId, this.seen(entry)]));
  }

  abstract status(): ReplicaHostStatus;
  abstract settled(): Promise<void>;
  abstract stop(): Promise<void>;
  /** How an engine is followed, as the index says. */
  protected entry(engineId: string): SyncEntry | undefined {
    return this.index.sync(engineId);
  }

  private seen({ state, heardMs }: SyncEntry): FollowedEngine {
    return { state, ageMs: Math.max(0, this.clock.nowMs() - heardMs) };
  }

  protected abstract give(order: ReplicaOrder): void;
}
