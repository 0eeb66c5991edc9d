import type { EventData } from '@penstock/contracts';
import { isKnownKvWire } from '@penstock/contracts/kv-wire';
import type { EngineSync, KvDelta, KvSnapshot, ReadableIndex, SyncEntry } from '@penstock/core/kv';
import type { Clock } from '@penstock/core/ports';
import { type EngineContents, NO_CONTENTS } from './engine-contents.js';
import type { ReplicaHost, ReplicaHostStatus } from './replica-host.js';
import type { ReplicaOrder } from './replica-order.js';

/** What every host does alike: it makes orders of calls, and reads the index. */
export abstract class OrderGiver implements ReplicaHost {
  abstract readonly index: ReadableIndex;

  protected isWatched = false;
  private readonly requests = new Map<number, (contents: EngineContents) => void>();
  private lastRequest = 0;

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

  sync(engineId: string): EngineSync | undefined {
    const entry = this.entry(engineId);
    return entry && this.seen(engineId, entry);
  }

  followed(): readonly EngineSync[] {
    return [...this.index.syncs()].map(([engineId, entry]) => this.seen(engineId, entry));
  }

  watch(isWatched: boolean): void {
    this.isWatched = isWatched;
    this.give({ type: 'watch', isWatched });
  }

  contents(engineId: string, withKeys: boolean, onContents: (contents: EngineContents) => void): void {
    const request = ++this.lastRequest;
    this.requests.set(request, onContents);
    this.give({ type: 'contents', request, engineId, withKeys });
  }

  abstract status(): ReplicaHostStatus;
  abstract settled(): Promise<void>;
  abstract stop(): Promise<void>;
  /** How an engine is followed, as the index says. */
  protected entry(engineId: string): SyncEntry | undefined {
    return this.index.sync(engineId);
  }

  protected answer(request: number, contents: EngineContents): void {
    const onContents = this.requests.get(request);
    this.requests.delete(request);
    onContents?.(contents);
  }

  /** Nobody will answer what was asked. */
  protected answerNothing(): void {
    for (const request of [...this.requests.keys()]) this.answer(request, NO_CONTENTS);
  }

  private seen(engineId: string, { heardMs, ...position }: SyncEntry): EngineSync {
    return { engineId, ...position, ageMs: Math.max(0, this.clock.nowMs() - heardMs) };
  }

  protected abstract give(order: ReplicaOrder): void;
}
