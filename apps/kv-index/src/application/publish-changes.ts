import { packU64 } from '@penstock/contracts';
import { type KvDelta, type KvReplica, type KvSnapshot, splitSnapshot } from '@penstock/core/kv';
import type { Clock, EventBus } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { EngineFollower } from './follow-engine.js';
import type { BlockPersister } from './persist-changes.js';

export interface PublisherSettings {
  readonly snapshotIntervalMs: number;
  readonly snapshotMaxIntervalMs: number;
  readonly snapshotPartBlocks: number;
}

/** About 2 MB of messages: with a call every 100 ms, 1,000 engines of 20,000 blocks take turns within 10 s. */
const SNAPSHOT_BLOCKS_PER_CALL = 200_000;

interface Published {
  snapshotMs: number;
  snapshotSequence: number;
  snapshotIncarnation: number;
}

/** Brings what changed in the followed caches to our own index, to the other services and to the store. */
export class ChangePublisher {
  deltas = 0;
  snapshots = 0;
  private published = new WeakMap<EngineFollower, Published>();

  constructor(
    private readonly replica: KvReplica,
    private readonly bus: EventBus,
    private readonly persister: BlockPersister,
    private readonly clock: Clock,
    private readonly settings: PublisherSettings,
    private readonly logger: Logger,
  ) {}

  /** Publishes the engine's changes since the last call, if there are any. */
  publishDelta(engine: EngineFollower): void {
    const change = engine.cache?.takeDelta();
    if (!change) return;
    this.apply(engine, change.delta);
    const { namespace, name: pool } = engine.pool;
    const { delta } = change;
    if (keysIn(delta) > this.settings.snapshotPartBlocks) this.publishSnapshot(engine);
    else {
      const { engineId, incarnation, sequence } = delta;
      const id = `${engineId}:${incarnation}:${sequence}`;
      this.bus.publish({ type: 'kv.delta', namespace, pool, key: engineId, id, data: deltaEvent(delta) });
      this.deltas++;
    }
    this.persister.append(engine, change.stored);
  }

  /**
   * Publishes the snapshots that are due (changed and not too soon, or too long ago), the longest waiting first: not more
   * in one call than the bus can buffer, or they would push each other and the deltas out of it.
   */
  publishDueSnapshots(engines: Iterable<EngineFollower>): void {
    const nowMs = this.clock.nowMs();
    const due = [...engines].filter((engine) => this.isDue(engine, this.published.get(engine), nowMs));
    const lastMs = (engine: EngineFollower) => this.published.get(engine)?.snapshotMs ?? 0;
    due.sort((a, b) => lastMs(a) - lastMs(b));
    let blocks = 0;
    for (const engine of due) {
      if (blocks >= SNAPSHOT_BLOCKS_PER_CALL) return;
      blocks += this.publishSnapshot(engine);
    }
  }

  /** Whatever was published may be lost: every engine's snapshot is due. */
  renewSnapshots(): void {
    this.published = new WeakMap();
  }

  /** Publishes everything the engine held after its last delta; returns how many blocks that is. */
  private publishSnapshot(engine: EngineFollower): number {
    const snapshot = engine.cache?.snapshot();
    if (!snapshot) return 0;
    const { namespace, name: pool } = engine.pool;
    const parts = splitSnapshot(snapshot, this.settings.snapshotPartBlocks);
    for (const [part, tiers] of parts.entries()) {
      const { engineId, incarnation, sequence } = snapshot;
      const data = {
        engine: engineId,
        incarnation,
        sequence,
        part,
        parts: parts.length,
        tiers: tiers.map(({ tier, keys }) => ({ tier, keys: packU64(keys) })),
      };
      // Each part has a subject of its own, so that "the last of every subject" is a whole snapshot.
      this.bus.publish({ type: 'kv.snapshot', namespace, pool, key: `${engineId}/${part}`, data });
    }
    this.snapshots++;
    this.published.set(engine, {
      snapshotMs: this.clock.nowMs(),
      snapshotSequence: snapshot.sequence,
      snapshotIncarnation: snapshot.incarnation,
    });
    return snapshot.tiers.reduce((sum, { keys }) => sum + keys.length, 0);
  }

  private isDue({ cache }: EngineFollower, last: Published | undefined, nowMs: number): boolean {
    if (!cache || cache.sequence === 0) return false;
    // What the replay brings comes soon, and makes a better first one.
    if (!last) return !cache.replaying;
    const changed =
      last.snapshotSequence !== cache.sequence || last.snapshotIncarnation !== cache.incarnation;
    return nowMs - last.snapshotMs >= this.settings[changed ? 'snapshotIntervalMs' : 'snapshotMaxIntervalMs'];
  }

  private apply(engine: EngineFollower, delta: KvDelta): void {
    const nowMs = this.clock.nowMs();
    const outcome = this.replica.applyDelta(delta, nowMs);
    if (outcome === 'applied') return;
    const { engineId, incarnation, sequence } = delta;
    this.logger.error(
      { engine: engineId, incarnation, sequence, outcome },
      'our own index did not take a delta; reloading the engine',
    );
    const snapshot: KvSnapshot | undefined = engine.cache?.snapshot();
    if (snapshot) this.replica.applySnapshot(snapshot, nowMs);
  }
}

function keysIn(delta: KvDelta): number {
  return delta.changes.reduce((sum, { stored, removed }) => sum + stored.length + removed.length, 0);
}

function deltaEvent(delta: KvDelta) {
  const { engineId: engine, incarnation, sequence, cleared } = delta;
  const changes = delta.changes.map(({ tier, removed, stored }) => ({
    tier,
    removed: packU64(removed),
    stored: packU64(stored),
  }));
  return { engine, incarnation, sequence, cleared, changes };
}
