import { kvBatchId, packKvDeltas, packKvSnapshot } from '@penstock/contracts';
import { type KvDelta, splitSnapshot } from '@penstock/core/kv';
import type { Clock, EventBus } from '@penstock/core/ports';
import type { ReplicaHost } from '@penstock/platform';
import type { Logger } from 'pino';
import type { EngineFollower } from './follow-engine.js';
import type { BlockPersister } from './persist-changes.js';

export interface PublisherSettings {
  readonly snapshotIntervalMs: number;
  readonly snapshotMaxIntervalMs: number;
  readonly snapshotPartBlocks: number;
}

/** Shortest time between two first snapshots of new lives of one engine, whose newest incarnation others look up there. */
const NEW_LIFE_INTERVAL_MS = 1_000;

/** About 2 MB of messages: with a call every 100 ms, 1,000 engines of 20,000 blocks take turns within 10 s. */
const SNAPSHOT_BLOCKS_PER_CALL = 200_000;

interface Published {
  snapshotMs: number;
  snapshotSequence: number;
  snapshotIncarnation: number;
}

interface PoolDeltas {
  readonly namespace: string;
  readonly pool: string;
  readonly deltas: KvDelta[];
}

/** Brings what changed in the followed caches to our own index, to the other services and to the store. */
export class ChangePublisher {
  deltas = 0;
  snapshots = 0;
  private published = new WeakMap<EngineFollower, Published>();

  constructor(
    private readonly host: ReplicaHost,
    private readonly bus: EventBus,
    private readonly persister: BlockPersister,
    private readonly clock: Clock,
    private readonly settings: PublisherSettings,
    /** Our name as who follows engines. */
    private readonly ingester: string,
    private readonly logger: Logger,
  ) {}

  /** Publishes the engine's changes since the last call, if there are any. */
  publishDelta(engine: EngineFollower): void {
    this.publishDeltas([engine]);
  }

  /** Publishes what changed in these engines since the last call: per pool one message, or more when there is much. */
  publishDeltas(engines: Iterable<EngineFollower>): void {
    const pools = new Map<string, PoolDeltas>();
    for (const [engine, delta] of this.take(engines)) {
      const { namespace, name: pool } = engine.pool;
      const known = pools.get(`${namespace}/${pool}`);
      if (known) known.deltas.push(delta);
      else pools.set(`${namespace}/${pool}`, { namespace, pool, deltas: [delta] });
    }
    const { ingester } = this;
    for (const { namespace, pool, deltas } of pools.values()) {
      for (const data of packKvDeltas(ingester, deltas)) {
        this.bus.publish({ type: 'kv.delta', namespace, pool, key: ingester, id: kvBatchId(data), data });
        this.deltas++;
      }
    }
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

  /** Our own index lost these engines: it gets their states anew. */
  reload(engines: Iterable<EngineFollower>, reason: string): void {
    const snapshots = [...engines].flatMap(({ cache }) => cache?.snapshot() ?? []);
    if (snapshots.length === 0) return;
    this.logger.error(
      { reason, count: snapshots.length },
      'our own index lost what engines hold; loading it anew',
    );
    this.host.takeSnapshots(snapshots);
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
      const data = packKvSnapshot({ ...snapshot, part, parts: parts.length, tiers });
      // Each part has a subject of its own, so that "the last of every subject" is a whole snapshot.
      this.bus.publish({ type: 'kv.snapshot', namespace, pool, key: `${snapshot.engineId}/${part}`, data });
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
    const { snapshotIntervalMs, snapshotMaxIntervalMs } = this.settings;
    const agoMs = nowMs - last.snapshotMs;
    if (last.snapshotIncarnation !== cache.incarnation) {
      return !cache.replaying && agoMs >= Math.min(NEW_LIFE_INTERVAL_MS, snapshotIntervalMs);
    }
    return agoMs >= (last.snapshotSequence !== cache.sequence ? snapshotIntervalMs : snapshotMaxIntervalMs);
  }

  /** Takes changes into our own index and the store; returns what is left to publish as deltas. */
  private take(engines: Iterable<EngineFollower>): Array<readonly [EngineFollower, KvDelta]> {
    const taken: KvDelta[] = [];
    const published: Array<readonly [EngineFollower, KvDelta]> = [];
    for (const engine of engines) {
      const change = engine.cache?.takeDelta();
      if (!change) continue;
      taken.push(change.delta);
      if (keysIn(change.delta) > this.settings.snapshotPartBlocks) this.publishSnapshot(engine);
      else published.push([engine, change.delta]);
      this.persister.append(engine, change.stored);
    }
    this.host.takeDeltas(taken);
    return published;
  }
}

function keysIn(delta: KvDelta): number {
  return delta.changes.reduce((sum, { stored, removed }) => sum + stored.length + removed.length, 0);
}
