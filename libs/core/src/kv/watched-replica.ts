import { isStorageHolder } from './holders.js';
import { type EngineSync, KvReplica, type ReplicaOutcome } from './kv-replica.js';
import type { PrefixIndex } from './prefix-index.js';
import type { ReplicaListener } from './replica-event.js';
import type { KvSnapshotPart } from './snapshot-assembly.js';
import type { KvDelta } from './types.js';

/** A `KvReplica` that tells a listener what it did to the index. Storage is left out: watchers ask for engines. */
export class WatchedReplica extends KvReplica {
  constructor(
    index: PrefixIndex,
    private readonly feed: ReplicaListener,
  ) {
    super(index);
  }

  override applyDelta(delta: KvDelta, nowMs: number): ReplicaOutcome {
    const { engineId } = delta;
    if (!this.feed.isWatched || isStorageHolder(engineId)) return super.applyDelta(delta, nowMs);
    const before = this.sync(engineId, nowMs);
    const outcome = super.applyDelta(delta, nowMs);
    const after = this.sync(engineId, nowMs);
    const isNewLife = before?.incarnation !== after?.incarnation;
    if (outcome === 'applied' && after?.sequence === delta.sequence && continues(before, delta, isNewLife))
      this.feed.publish({ kind: 'change', delta: isNewLife ? { ...delta, cleared: true } : delta });
    else if (outcome === 'applied' || outcome === 'gap' || isNewLife)
      this.feed.publish({ kind: 'reset', engineId });
    return outcome;
  }

  override applySnapshot(part: KvSnapshotPart, nowMs: number): ReplicaOutcome {
    const { engineId } = part;
    if (!this.feed.isWatched || isStorageHolder(engineId)) return super.applySnapshot(part, nowMs);
    const before = this.sync(engineId, nowMs);
    const outcome = super.applySnapshot(part, nowMs);
    const after = this.sync(engineId, nowMs);
    if (outcome === 'applied' || before?.state !== after?.state || before?.incarnation !== after?.incarnation)
      this.feed.publish({ kind: 'reset', engineId });
    return outcome;
  }

  override engineGone(engineId: string, incarnation?: number): void {
    const known = this.isSynced(engineId);
    super.engineGone(engineId, incarnation);
    if (known && !this.isSynced(engineId)) this.feed.publish({ kind: 'reset', engineId });
  }

  override lostTrack(except?: ReadonlySet<string>): void {
    super.lostTrack(except);
    if (!this.feed.isWatched) return;
    for (const engineId of this.engines()) {
      if (!isStorageHolder(engineId) && !except?.has(engineId))
        this.feed.publish({ kind: 'reset', engineId });
    }
  }
}

/** Whether the delta came directly on top of what was there, so that it alone is what changed. */
function continues(before: EngineSync | undefined, delta: KvDelta, isNewLife: boolean): boolean {
  if (isNewLife) return delta.sequence === 1;
  return before?.state === 'synced' && before.sequence + 1 === delta.sequence;
}
