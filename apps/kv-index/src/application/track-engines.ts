import type { Endpoint, Pool, PoolView } from '@penstock/cluster';
import type { KvReplica } from '@penstock/core/kv';
import type { BlockStore } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { EngineAnnouncer } from './announce-engine.js';
import { isSameProcess } from './engine-facts.js';
import type { EngineFollower } from './follow-engine.js';
import type { FileForwarder } from './forward-files.js';
import type { BlockPersister } from './persist-changes.js';
import type { ChangePublisher } from './publish-changes.js';

export interface TrackerContext {
  readonly follow: (pool: Pool, endpoint: Endpoint, incarnationAfter: number) => EngineFollower;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly announcer: EngineAnnouncer;
  readonly persister: BlockPersister;
  readonly replica: KvReplica;
  readonly store: BlockStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** A follower ended; its counters will not come again. */
  readonly onEnd: (engine: EngineFollower) => void;
}

/** Keeps one follower per engine of the pools, each for one life of the engine. */
export class EngineTracker {
  processRestarts = 0;
  private readonly followers = new Map<string, EngineFollower>();
  /** Largest incarnation of the engines that left: one may come back, and the clock may be behind what was used. */
  private newestEnded = 0;

  constructor(private readonly context: TrackerContext) {}

  engines(): IterableIterator<EngineFollower> {
    return this.followers.values();
  }

  get(engineId: string): EngineFollower | undefined {
    return this.followers.get(engineId);
  }

  /** Brings the followers in line with the pools. An engine of several pools is followed once, for the first one. */
  reconcile(pools: readonly PoolView[]): void {
    const wanted = new Map<string, { pool: Pool; endpoint: Endpoint }>();
    for (const { pool, endpoints } of pools) {
      for (const endpoint of endpoints) {
        if (!wanted.has(endpoint.engineId)) wanted.set(endpoint.engineId, { pool, endpoint });
      }
    }
    for (const [engineId, follower] of this.followers) {
      if (!wanted.has(engineId)) this.end(follower, 'its pod left the pool');
    }
    for (const { pool, endpoint } of wanted.values()) this.adopt(pool, endpoint);
  }

  /** Forgets stored engines of these pools that are not there any more. */
  async sweepStore(pools: readonly PoolView[]): Promise<void> {
    const { store, persister, announcer, logger } = this.context;
    for (const { pool, endpoints } of pools) {
      const present = new Set(endpoints.map((endpoint) => endpoint.engineId));
      const stored = await store.engines(pool.namespace, pool.name);
      for (const engineId of stored.filter((id) => !present.has(id) && !this.followers.has(id))) {
        logger.info({ engine: engineId }, 'forgetting an engine that left while no index was running');
        announcer.goneFromStore(pool.namespace, pool.name, engineId);
        persister.remove(pool.namespace, pool.name, engineId);
      }
    }
  }

  async stop(): Promise<void> {
    const all = [...this.followers.values()];
    this.followers.clear();
    await Promise.all(all.map((follower) => follower.stop()));
  }

  private adopt(pool: Pool, endpoint: Endpoint): void {
    const known = this.followers.get(endpoint.engineId);
    if (known && isSameLife(known, pool, endpoint)) {
      known.update(endpoint);
      return;
    }
    if (known) this.replace(known, pool, endpoint);
    else this.begin(pool, endpoint, this.newestEnded);
  }

  private begin(pool: Pool, endpoint: Endpoint, incarnationAfter: number): void {
    const { follow, announcer, persister, logger } = this.context;
    persister.keep(endpoint.engineId);
    const follower = follow(pool, endpoint, incarnationAfter);
    this.followers.set(endpoint.engineId, follower);
    announcer.registered(follower);
    void follower.start().catch((error: unknown) => {
      logger.error({ engine: endpoint.engineId, err: error }, 'an engine cannot be followed');
    });
  }

  /** The engine's process is another one: what the old one held is withdrawn before the new one is even reached. */
  private replace(old: EngineFollower, pool: Pool, endpoint: Endpoint): void {
    const { publisher, forwarder, persister, logger, nowMs, onEnd } = this.context;
    this.processRestarts++;
    logger.info({ engine: old.engineId, incarnation: old.incarnation }, 'an engine was restarted');
    if (old.pool.name !== pool.name || old.pool.namespace !== pool.namespace) {
      this.end(old, 'it moved to another pool');
      this.begin(pool, endpoint, old.incarnation);
      return;
    }
    // Files outlive the process that wrote them.
    forwarder.forward(old);
    old.cache?.beginAnew(nowMs());
    publisher.publishDelta(old);
    persister.forget(old);
    onEnd(old);
    void old.stop();
    this.begin(pool, endpoint, old.incarnation);
  }

  private end(follower: EngineFollower, reason: string): void {
    const { replica, announcer, forwarder, persister, logger, onEnd } = this.context;
    const { engineId, pool } = follower;
    forwarder.forward(follower);
    this.followers.delete(engineId);
    this.newestEnded = Math.max(this.newestEnded, follower.incarnation);
    replica.engineGone(engineId);
    announcer.gone(follower, reason);
    persister.remove(pool.namespace, pool.name, engineId, follower);
    logger.info({ engine: engineId, reason }, 'an engine left');
    onEnd(follower);
    void follower.stop();
  }
}

function isSameLife(follower: EngineFollower, pool: Pool, endpoint: Endpoint): boolean {
  const { endpoint: known } = follower;
  return (
    follower.pool.namespace === pool.namespace &&
    follower.pool.name === pool.name &&
    known.address === endpoint.address &&
    known.kvEventsPort === endpoint.kvEventsPort &&
    known.kvReplayPort === endpoint.kvReplayPort &&
    isSameProcess(known, endpoint)
  );
}
