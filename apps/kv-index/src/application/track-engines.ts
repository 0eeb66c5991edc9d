import type { Pool } from '@penstock/cluster';
import type { BlockStore } from '@penstock/core/ports';
import type { ReplicaHost } from '@penstock/platform';
import type { Logger } from 'pino';
import type { EngineAnnouncer } from './announce-engine.js';
import { isSameProcess } from './engine-facts.js';
import type { EngineIdentity } from './engine-stream.js';
import type { EngineTarget } from './engine-target.js';
import type { EngineFollower, FollowerBeginning } from './follow-engine.js';
import type { FileForwarder } from './forward-files.js';
import type { BlockPersister } from './persist-changes.js';
import type { ChangePublisher } from './publish-changes.js';

export interface TrackerContext {
  readonly follow: (target: EngineTarget, beginning: FollowerBeginning) => EngineFollower;
  /** Whether it is this replica that is to follow the engine. */
  readonly owns: (engineId: string) => boolean;
  /** What the replica that follows an engine says of it. */
  readonly identityOf: (engineId: string) => EngineIdentity | undefined;
  /** The newest life of an engine that was heard of; 0 when of none. */
  readonly heardIncarnation: (engineId: string) => number;
  /** The incarnation last published of an engine, 0 when none is known; rejects while the bus is away. */
  readonly publishedIncarnation: (engineId: string) => Promise<number>;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly announcer: EngineAnnouncer;
  readonly persister: BlockPersister;
  readonly host: ReplicaHost;
  readonly store: BlockStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** A follower ended; its counters will not come again. */
  readonly onEnd: (engine: EngineFollower) => void;
}

/** Longer than it takes until another replica has seen our renewed Lease. */
const TAKE_BACK_MS = 500;
/** Time until an engine that could not be begun with is tried again. */
const BEGIN_AGAIN_MS = 2_000;

/**
 * Keeps one follower per engine that this replica is to follow, each for one life of the engine.
 *
 * An engine that moves to another replica is followed here until that one's first changes arrive: their newer incarnation
 * makes everything published here stale, so nobody has to agree on the moment. The same ends a follower that was paused
 * while another took over; when the engine is still ours it is taken back with a newer incarnation again.
 */
export class EngineTracker {
  processRestarts = 0;
  /** Engines that were taken over from another replica. */
  takeovers = 0;
  /** Engines that another replica took over from this one. */
  handovers = 0;
  private readonly followers = new Map<string, EngineFollower>();
  private targets: ReadonlyMap<string, EngineTarget> = new Map();
  /** Largest incarnation of the engines that left: one may come back, and the clock may be behind what was used. */
  private newestEnded = 0;
  /** Engines of others that were restarted in the life that was then the newest one heard of. */
  private readonly restarted = new Map<string, number>();
  private readonly toTakeBack = new Set<string>();
  private takeBackTimer: NodeJS.Timeout | undefined;

  constructor(private readonly context: TrackerContext) {}

  /** Those that this replica follows. */
  engines(): IterableIterator<EngineFollower> {
    return this.followers.values();
  }

  get(engineId: string): EngineFollower | undefined {
    return this.followers.get(engineId);
  }

  /** All that are to be followed, by this or another replica. */
  known(): ReadonlyMap<string, EngineTarget> {
    return this.targets;
  }

  /** Engines whose changes come from here; those that only begin may still be heard of from another replica. */
  ownEngines(): Set<string> {
    return new Set(
      [...this.followers.values()].filter(({ cache }) => cache?.sequence).map((f) => f.engineId),
    );
  }

  /** Brings the followers in line with what there is. Of several targets of one engine the first counts. */
  reconcile(targets: Iterable<EngineTarget>): void {
    const wanted = new Map<string, EngineTarget>();
    for (const target of targets) {
      if (!wanted.has(target.endpoint.engineId)) wanted.set(target.endpoint.engineId, target);
    }
    const before = this.targets;
    this.targets = wanted;
    for (const [engineId, follower] of this.followers) {
      if (!wanted.has(engineId)) this.end(follower, 'its pod left the pool');
    }
    for (const engineId of this.restarted.keys()) if (!wanted.has(engineId)) this.restarted.delete(engineId);
    for (const target of wanted.values()) {
      const { engineId } = target.endpoint;
      const known = before.get(engineId);
      if (known && !isSameProcess(known.endpoint, target.endpoint))
        this.restarted.set(engineId, this.context.heardIncarnation(engineId));
      if (this.context.owns(engineId)) this.adopt(target, known !== undefined);
      else this.release(target);
    }
  }

  /** Another replica published this life of the engine: what is followed here under an older one is stale. */
  foreignLife(engineId: string, incarnation: number): void {
    const follower = this.followers.get(engineId);
    const target = this.targets.get(engineId);
    // One that has not begun yet will begin after what was heard.
    if (!follower || !target || (this.context.owns(engineId) && !follower.cache)) return;
    if (incarnation <= follower.incarnation) return;
    const { logger } = this.context;
    this.drop(follower);
    if (this.context.owns(engineId)) {
      logger.info(
        { engine: engineId, incarnation },
        'another replica followed an engine of ours; taking it back',
      );
      this.takeBackLater(engineId);
      return;
    }
    this.handovers++;
    logger.info({ engine: engineId, incarnation }, 'another replica follows the engine now');
  }

  /** The store refused what is followed here because it has a newer life of the engine. */
  async storedLifeIsNewer(follower: EngineFollower): Promise<void> {
    const { namespace, name } = follower.pool;
    const stored = await this.context.store.load(namespace, name, follower.engineId);
    if (stored && this.followers.get(follower.engineId) === follower)
      this.foreignLife(follower.engineId, stored.incarnation);
  }

  /** Forgets stored engines of these pools that are not there any more. */
  async sweepStore(pools: Iterable<Pool>): Promise<void> {
    const { store, persister, announcer, logger, owns } = this.context;
    for (const pool of pools) {
      const stored = await store.engines(pool.namespace, pool.name);
      for (const engineId of stored.filter((id) => !this.targets.has(id) && owns(id))) {
        logger.info({ engine: engineId }, 'forgetting an engine that left while no index was running');
        const { incarnation = 0 } = (await store.load(pool.namespace, pool.name, engineId)) ?? {};
        const life = await this.lastLife(engineId, incarnation);
        if (this.targets.has(engineId)) continue;
        announcer.goneFromStore(pool.namespace, pool.name, engineId, life);
        persister.remove(pool.namespace, pool.name, engineId, { incarnation: life });
      }
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.takeBackTimer);
    const all = [...this.followers.values()];
    this.followers.clear();
    await Promise.all(all.map((follower) => follower.stop()));
  }

  /** @param wasKnown another replica followed it until now, unless this one does */
  private adopt(target: EngineTarget, wasKnown: boolean): void {
    const { engineId } = target.endpoint;
    const follower = this.followers.get(engineId);
    if (follower && isSameLife(follower, target)) follower.update(target);
    else if (follower) this.replace(follower, target);
    else if (wasKnown) this.takeOver(target, this.newestEnded);
    else this.begin(target, { incarnationAfter: this.newestEnded });
  }

  /** Another replica is to follow it: what is followed here goes on until that one's first changes come. */
  private release(target: EngineTarget): void {
    const follower = this.followers.get(target.endpoint.engineId);
    if (!follower) return;
    if (follower.cache?.sequence && isSameLife(follower, target)) {
      follower.update(target);
      return;
    }
    if (follower.cache && !isSameLife(follower, target)) this.withdraw(follower);
    this.drop(follower);
  }

  /** Not at once: the other one follows it, and may only have to hear first that it is ours. */
  private takeBackLater(engineId: string): void {
    this.toTakeBack.add(engineId);
    this.takeBackTimer ??= setTimeout(() => {
      this.takeBackTimer = undefined;
      for (const id of this.toTakeBack) {
        const target = this.targets.get(id);
        if (target && this.context.owns(id) && !this.followers.has(id))
          this.takeOver(target, this.newestEnded);
      }
      this.toTakeBack.clear();
    }, TAKE_BACK_MS);
  }

  private takeOver(target: EngineTarget, incarnationAfter: number): void {
    this.takeovers++;
    const { engineId } = target.endpoint;
    const identity = this.context.identityOf(engineId);
    // The replica before may have died before it could withdraw the blocks of the process that ended.
    const isRestarted = this.restarted.get(engineId) === this.context.heardIncarnation(engineId);
    this.begin(target, { incarnationAfter, identity, isRestarted, takenOverMs: performance.now() });
  }

  private begin(target: EngineTarget, beginning: FollowerBeginning): void {
    const { follow, announcer, persister, logger } = this.context;
    const { engineId } = target.endpoint;
    this.restarted.delete(engineId);
    persister.keep(engineId);
    const follower = follow(target, beginning);
    this.followers.set(engineId, follower);
    // The replica before told it, and what this one knows of it comes with its first changes.
    if (beginning.takenOverMs === undefined) announcer.registered(follower);
    void follower.start().catch((error: unknown) => {
      logger.error({ engine: engineId, err: error }, 'an engine cannot be followed yet; trying again');
      setTimeout(() => this.beginAgain(follower, beginning), BEGIN_AGAIN_MS).unref();
    });
  }

  /** What hindered it may be over: too many sockets, a port that was taken. */
  private beginAgain(failed: EngineFollower, beginning: FollowerBeginning): void {
    const target = this.targets.get(failed.engineId);
    if (!target || this.followers.get(failed.engineId) !== failed) return;
    this.drop(failed);
    this.begin(target, { ...beginning, incarnationAfter: failed.incarnation });
  }

  /** The engine's process is another one: what the old one held is withdrawn before the new one is even reached. */
  private replace(old: EngineFollower, target: EngineTarget): void {
    const { logger } = this.context;
    const { incarnation: incarnationAfter } = old;
    this.processRestarts++;
    logger.info({ engine: old.engineId, incarnation: incarnationAfter }, 'an engine was restarted');
    if (old.pool.name !== target.pool.name || old.pool.namespace !== target.pool.namespace) {
      this.end(old, 'it moved to another pool');
      this.begin(target, { incarnationAfter });
      return;
    }
    this.withdraw(old);
    const newest = old.incarnation;
    this.drop(old);
    this.begin(target, { incarnationAfter: newest });
  }

  /** Everything that is published of the engine is void. */
  private withdraw(old: EngineFollower): void {
    const { publisher, forwarder, nowMs } = this.context;
    // Files outlive the process that wrote them.
    forwarder.forward(old);
    old.cache?.beginAnew(nowMs());
    publisher.publishDelta(old);
  }

  /** Stops following without a word: what is published stays until something newer comes. */
  private drop(follower: EngineFollower): void {
    const { forwarder, persister, onEnd } = this.context;
    forwarder.forward(follower);
    this.followers.delete(follower.engineId);
    persister.forget(follower);
    onEnd(follower);
    void follower.stop();
  }

  private end(follower: EngineFollower, reason: string): void {
    const { host, announcer, persister, logger, owns } = this.context;
    const { engineId, pool } = follower;
    this.drop(follower);
    this.newestEnded = Math.max(this.newestEnded, follower.incarnation);
    host.engineGone(engineId);
    // While it is handed over the other replica says so.
    if (!owns(engineId)) return;
    if (follower.cache) announcer.gone(follower, reason, follower.incarnation);
    else void this.tellGone(follower, reason);
    persister.remove(pool.namespace, pool.name, engineId, { engine: follower });
    logger.info({ engine: engineId, reason }, 'an engine left');
  }

  /** One that was never reached here: what is known of it elsewhere is of a life before. */
  private async tellGone(follower: EngineFollower, reason: string): Promise<void> {
    const life = await this.lastLife(follower.engineId);
    // When it is back, its next life ends the one before.
    if (!this.targets.has(follower.engineId)) this.context.announcer.gone(follower, reason, life);
  }

  /** The newest life that anybody can have heard of; undefined when none is known. */
  private async lastLife(engineId: string, stored = 0): Promise<number | undefined> {
    const published = await this.context.publishedIncarnation(engineId).catch(() => 0);
    return Math.max(stored, published, this.context.heardIncarnation(engineId)) || undefined;
  }
}

function isSameLife(follower: EngineFollower, { pool, endpoint }: EngineTarget): boolean {
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
