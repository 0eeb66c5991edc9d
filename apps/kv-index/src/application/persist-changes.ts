import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';
import { bulkhead } from 'cockatiel';
import type { Logger } from 'pino';
import { encodeFacts } from './engine-facts.js';
import type { EngineFollower } from './follow-engine.js';

/** Results of writes to the block store, by what was done. */
export const STORE_OUTCOMES = ['appended', 'replaced', 'removed', 'refused', 'failed'] as const;
export type StoreOutcome = (typeof STORE_OUTCOMES)[number];

/** Deltas of one engine that wait for the store; more are replaced by the whole state. */
const MAX_WAITING_DELTAS = 100;
/** Whole states on their way at once: after a flush there is one for every engine, each of some hundred kilobytes. */
const MAX_WHOLE_STATES = 4;
/** Batches after which the landmark in the store is renewed, well within an engine's replay buffer of 10,000. */
const LANDMARK_BATCHES = 2_000;

interface Queue {
  readonly deltas: StoredDelta[];
  /** The store does not have what comes before the waiting deltas. */
  needsAll: boolean;
  busy: boolean;
  /** The last write failed: what comes waits for the next `refresh`, as every try costs the whole state. */
  held: boolean;
  /** Batch up to which the landmark in the store is fresh enough; minus infinity when it has none. */
  landmarkSequence: number;
}

interface Removal {
  readonly namespace: string;
  readonly pool: string;
  readonly engineId: string;
  /** The last life that was followed: a newer one, of another replica, stays. */
  readonly incarnation: number | undefined;
}

/**
 * Keeps the block store equal to the followed caches, off the hot path: deltas in order per engine, the whole state when
 * the store lost or never had what comes before. Memory is the truth; a store that is away costs only a colder restart.
 */
export class BlockPersister {
  private readonly queues = new Map<EngineFollower, Queue>();
  private readonly removals = new Map<string, Removal>();
  private readonly wholeStates = bulkhead(MAX_WHOLE_STATES, Number.POSITIVE_INFINITY);
  private epoch: string | undefined;
  /** A write failed since the last `refresh`: whole states, which are dear, are not tried before the next one. */
  private failing = false;
  private problemText: string | undefined;

  constructor(
    private readonly store: BlockStore,
    private readonly logger: Logger,
    private readonly onOutcome: (outcome: StoreOutcome) => void,
    /** The store has a newer life of the engine than the one followed. */
    private readonly onNewerLife: (engine: EngineFollower) => Promise<void> = async () => undefined,
  ) {}

  /** Why the store is not up to date; undefined when it is. */
  get problem(): string | undefined {
    return this.problemText;
  }

  append(engine: EngineFollower, delta: StoredDelta): void {
    const queue = this.queueOf(engine);
    if (delta.sequence === 1) queue.needsAll = true;
    if (delta.engineSequence - queue.landmarkSequence >= LANDMARK_BATCHES) queue.needsAll = true;
    if (queue.deltas.length >= MAX_WAITING_DELTAS) queue.needsAll = true;
    if (queue.needsAll) queue.deltas.length = 0;
    else queue.deltas.push(delta);
    void this.write(engine, queue);
  }

  /** The engine is gone: its stored state is removed, now or when the store answers again. */
  remove(
    namespace: string,
    pool: string,
    engineId: string,
    { engine, incarnation = engine?.incarnation }: { engine?: EngineFollower; incarnation?: number } = {},
  ): void {
    if (engine) this.queues.delete(engine);
    this.removals.set(engineId, { namespace, pool, engineId, incarnation });
    void this.removeWaiting();
  }

  /** Another life of the engine took over: nothing of this follower is written any more. */
  forget(engine: EngineFollower): void {
    this.queues.delete(engine);
  }

  /** The engine exists (again): a removal that waits must not take its state away. */
  keep(engineId: string): void {
    this.removals.delete(engineId);
  }

  /** Looks whether the store lost its content, and tries again what failed. Call it every few seconds. */
  async refresh(): Promise<void> {
    try {
      const epoch = await this.store.epoch();
      if (this.epoch !== undefined && epoch !== this.epoch) {
        this.logger.warn(
          {},
          'the block store lost its content or its last writes; writing it again from memory',
        );
        for (const queue of this.queues.values()) {
          queue.needsAll = true;
          queue.deltas.length = 0;
        }
      }
      this.epoch = epoch;
      await this.removeWaiting();
      this.failing = false;
      for (const queue of this.queues.values()) queue.held = false;
      await Promise.all([...this.queues].map(([engine, queue]) => this.write(engine, queue)));
      if (![...this.queues.values()].some((q) => q.needsAll)) this.problemText = undefined;
    } catch (error) {
      this.failed(error);
    }
  }

  private queueOf(engine: EngineFollower): Queue {
    const known = this.queues.get(engine);
    if (known) return known;
    const queue = { deltas: [], needsAll: true, busy: false, held: false, landmarkSequence: 0 };
    this.queues.set(engine, queue);
    return queue;
  }

  private async write(engine: EngineFollower, queue: Queue): Promise<void> {
    if (queue.busy || queue.held) return;
    queue.busy = true;
    try {
      while (
        this.queues.get(engine) === queue &&
        !queue.held &&
        (queue.needsAll || queue.deltas.length > 0)
      ) {
        if (queue.needsAll) await this.wholeStates.execute(() => this.writeAllInTurn(engine, queue));
        else await this.writeNext(engine, queue);
      }
    } catch (error) {
      queue.needsAll = true;
      queue.held = true;
      queue.deltas.length = 0;
      this.failed(error);
    } finally {
      queue.busy = false;
    }
  }

  private async writeNext(engine: EngineFollower, queue: Queue): Promise<void> {
    const delta = queue.deltas.shift() as StoredDelta;
    const { namespace, name } = engine.pool;
    if (await this.store.append(namespace, name, delta)) this.onOutcome('appended');
    else {
      this.onOutcome('refused');
      queue.needsAll = true;
      queue.deltas.length = 0;
    }
  }

  private async writeAllInTurn(engine: EngineFollower, queue: Queue): Promise<void> {
    if (this.queues.get(engine) !== queue) return;
    if (this.failing) {
      queue.held = true;
      return;
    }
    try {
      await this.writeAll(engine, queue);
    } catch (error) {
      this.failing = true;
      throw error;
    }
  }

  private async writeAll(engine: EngineFollower, queue: Queue): Promise<void> {
    const stored = storedState(engine);
    // What is taken later comes as deltas after this state.
    queue.needsAll = false;
    queue.deltas.length = 0;
    if (!stored) return;
    queue.landmarkSequence =
      'landmarkMark' in stored.facts ? stored.engineSequence : Number.NEGATIVE_INFINITY;
    const { namespace, name } = engine.pool;
    if (await this.store.replace(namespace, name, stored)) {
      this.onOutcome('replaced');
      return;
    }
    this.onOutcome('refused');
    queue.needsAll = true;
    queue.held = true;
    const { engineId, incarnation } = stored;
    this.problemText = `the store holds a newer life of ${engineId} than the one followed`;
    this.logger.warn(
      { engine: engineId, incarnation },
      'the store holds a newer life of this engine: another replica took it over, or the clock went back',
    );
    await this.onNewerLife(engine);
  }

  private async removeWaiting(): Promise<void> {
    for (const [key, { namespace, pool, engineId, incarnation }] of [...this.removals]) {
      try {
        await this.store.remove(namespace, pool, engineId, incarnation);
        this.onOutcome('removed');
        this.removals.delete(key);
      } catch (error) {
        this.failed(error);
        return;
      }
    }
  }

  private failed(error: unknown): void {
    this.onOutcome('failed');
    const text = error instanceof Error ? error.message : String(error);
    if (this.problemText === undefined)
      this.logger.warn({ err: error }, 'blocks could not be stored; trying again');
    this.problemText = text;
  }
}

/** The engine's state as of its last delta; undefined before the first. */
function storedState(engine: EngineFollower): StoredEngine | undefined {
  const { cache, endpoint, model, engineId } = engine;
  if (!cache || cache.sequence === 0) return undefined;
  const { podUid, restartCount, startedAtMs } = endpoint;
  const landmark = cache.publishedLandmark;
  const facts = encodeFacts({
    model,
    blockSize: cache.blockSize,
    podUid,
    restartCount,
    startedAtMs,
    landmark,
    groups: cache.groups,
  });
  const { incarnation, sequence, publishedEngineSequence: engineSequence } = cache;
  const { publishedWindowBlocks: windowBlocks } = cache;
  const position = { incarnation, sequence, engineSequence };
  return { engineId, ...position, facts, windowBlocks, blocks: cache.publishedBlocks() };
}
