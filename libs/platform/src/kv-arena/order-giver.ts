import type { EventData } from '@penstock/contracts';
import { isKnownKvWire } from '@penstock/contracts/kv-wire';
import type { KvDelta, KvSnapshot, ReadableIndex } from '@penstock/core/kv';
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
    return this.index.isSynced(engineId);
  }

  sync(engineId: string): FollowedEngine | undefined {
    const entry = this.index.sync(engineId);
    return entry && { state: entry.state, ageMs: Math.max(0, this.clock.nowMs() - entry.heardMs) };
  }

  followed(): Iterable<string> {
    return this.index.followed();
  }

  abstract status(): ReplicaHostStatus;
  abstract settled(): Promise<void>;
  abstract stop(): Promise<void>;
  protected abstract give(order: ReplicaOrder): void;
}
