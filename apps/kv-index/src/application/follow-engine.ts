import type { Pool } from '@penstock/cluster';
import { EngineCache, type ReplayRequest } from '@penstock/core/kv';
import type { BlockStore, Clock } from '@penstock/core/ports';
import {
  ConstantBackoff,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { Logger } from 'pino';
import type {
  EngineAddress,
  EngineIdentity,
  EngineProbe,
  EngineStream,
  EngineStreams,
} from './engine-stream.js';
import type { EngineTarget } from './engine-target.js';
import { isFullOfFiles } from './is-full-of-files.js';
import { startingPoint } from './restore-engine.js';
import { SilenceCheck } from './silence-check.js';

/** Where an engine is in being followed. `stale`: its events cannot be reached, what was known is kept. */
export type FollowState = 'connecting' | 'replaying' | 'live' | 'stale' | 'gone';

export interface FollowerContext {
  readonly streams: EngineStreams;
  readonly probe: EngineProbe;
  readonly store: BlockStore;
  readonly clock: Clock;
  /** The incarnation last published of an engine, 0 when none is known; rejects while the bus is away. */
  readonly publishedIncarnation: (engineId: string) => Promise<number>;
  /** The newest incarnation of an engine that this replica has heard of; 0 when of none. */
  readonly heardIncarnation: (engineId: string) => number;
  /** Whether there are other replicas. */
  readonly hasOthers: () => boolean;
  /** The store and the bus may still be connecting: they are waited for. */
  readonly isStarting: () => boolean;
  readonly logger: Logger;
  readonly settings: {
    readonly kvEventsPort: number;
    readonly kvReplayPort: number;
    readonly probeTimeoutMs: number;
    readonly maxOrphanBlocks: number;
    readonly deltaMaxBlocks: number;
    readonly storageEvents: 'index' | 'forward';
    readonly silenceCheckMs: number;
  };
  /** Many changes or files wait: publish them now. */
  readonly onManyChanges: (engine: EngineFollower) => void;
  /** The engine's model became known, or its cache became live. */
  readonly onProgress: (engine: EngineFollower) => void;
  /** A live batch was applied this long after the engine sent it, by its clock. */
  readonly onLag: (lagMs: number) => void;
  readonly onProblems: (problems: Readonly<Record<string, number>>) => void;
}

/** What is known when an engine begins to be followed. */
export interface FollowerBeginning {
  /** Incarnations up to this one were used. */
  readonly incarnationAfter?: number;
  /** What the replica that followed it before had learned. */
  readonly identity?: EngineIdentity | undefined;
  /** Monotonic milliseconds at which it was known that the replica before had lost it. */
  readonly takenOverMs?: number | undefined;
  /** The engine's process is another one than the replica before followed. */
  readonly isRestarted?: boolean;
}

const REPLAY_RETRY_MS = [2_000, 8_000, 30_000];
/** A stored state that comes later than this is not waited for: at our own start, and once we run. */
const LOAD_TIMEOUT_MS = { starting: 5_000, running: 1_000 };
const LOAD_ATTEMPTS = { starting: 10, running: 1 };
const LOAD_RETRY_MS = 200;

/**
 * Follows the cache of one life of one engine: learns its model, connects to its events, feeds them to `EngineCache`
 * and serves the replays that one asks for.
 */
export class EngineFollower {
  cache: EngineCache | undefined;
  model = '';
  state: FollowState = 'connecting';
  /** Age of the last live batch when it was applied, by the engine's clock; absent before the first. */
  lagMs: number | undefined;
  private stream: EngineStream | undefined;
  private readonly closing = new AbortController();
  private connected = false;
  private hasStarted = false;
  private failedReplays = 0;
  /** Whether the last replay was answered. */
  private replays = false;
  private readonly silence: SilenceCheck;
  private retryTimer: NodeJS.Timeout | undefined;
  private knownBlockSize = 0;
  private takeoverTold = false;

  constructor(
    private readonly context: FollowerContext,
    private target: EngineTarget,
    private readonly begun: FollowerBeginning = {},
  ) {
    this.silence = new SilenceCheck(context.settings.silenceCheckMs);
  }

  get engineId(): string {
    return this.endpoint.engineId;
  }

  get pool(): Pool {
    return this.target.pool;
  }

  get endpoint(): EngineTarget['endpoint'] {
    return this.target.endpoint;
  }

  /** Milliseconds that it took so far to take it over from another replica; undefined when it was not, or once told. */
  takeoverMs(): number | undefined {
    const { takenOverMs } = this.begun;
    if (takenOverMs === undefined || this.takeoverTold) return undefined;
    this.takeoverTold = true;
    return performance.now() - takenOverMs;
  }

  /** Tokens per block; 0 until known. */
  get blockSize(): number {
    return this.cache?.blockSize || this.knownBlockSize;
  }

  /** Whether the engine publishes events: its pod says so, or they were reached. */
  get publishesEvents(): boolean {
    return this.endpoint.kvEventsPort !== undefined || this.hasStarted;
  }

  /** The newest incarnation used, or to be exceeded. */
  get incarnation(): number {
    return this.cache?.incarnation ?? this.begun.incarnationAfter ?? 0;
  }

  /** Follows until `stop`. */
  async start(): Promise<void> {
    const identity = this.target.identity ?? this.begun.identity ?? (await this.learnIdentity());
    if (!identity) return;
    this.model = identity.model;
    this.knownBlockSize = identity.blockSize;
    this.context.onProgress(this);
    const [stored, published] = await Promise.all([this.load(), this.publishedIncarnation()]);
    if (this.closing.signal.aborted) return;
    const { isOfAnother = false, ...from } = startingPoint(stored, this.endpoint, this.model);
    const { engineId, model } = this;
    const { settings, clock } = this.context;
    const heard = this.context.heardIncarnation(engineId);
    const incarnationAfter = Math.max(from.incarnationAfter, this.incarnation, published, heard);
    const { maxOrphanBlocks, storageEvents } = settings;
    const collectFiles = storageEvents === 'forward';
    // A replica that is new takes engines from those that go on until it has proof.
    const wasFollowed = Math.max(published, heard) > 0 && this.context.hasOthers();
    // What was published of a process that is gone is withdrawn at once: nobody needs to be asked for proof.
    const isGone = isOfAnother || this.begun.isRestarted === true;
    const takesOver = !isGone && (this.begun.takenOverMs !== undefined || wasFollowed);
    this.cache = new EngineCache(
      { engineId, model, ...from, incarnationAfter, takesOver, maxOrphanBlocks, collectFiles },
      clock.nowMs(),
    );
    this.openStream(this.cache);
  }

  /** Asks an engine that is silent whether anything was missed. To be called often. */
  lookIntoSilence(): void {
    const { cache } = this;
    if (!cache || this.state !== 'live' || !this.replays || !this.silence.isDue(performance.now())) return;
    this.serve(cache.suspect(this.context.clock.nowMs()));
  }

  /** Takes over what the cluster says of the same life. */
  update(target: EngineTarget): void {
    this.target = target;
  }

  async stop(): Promise<void> {
    this.state = 'gone';
    this.closing.abort();
    clearTimeout(this.retryTimer);
    await this.stream?.close();
  }

  private openStream(cache: EngineCache): void {
    this.stream = this.context.streams.open(this.address(), {
      onBatch: (batch, replayed) => {
        const nowMs = this.context.clock.nowMs();
        if (replayed) cache.replayed(batch, nowMs);
        else {
          this.silence.heard(performance.now());
          if (batch.timestampMs > 0) {
            this.lagMs = Math.max(0, nowMs - batch.timestampMs);
            this.context.onLag(this.lagMs);
          }
          this.serve(cache.receive(batch, nowMs));
        }
        const { settings } = this.context;
        if (cache.pendingChanges >= settings.deltaMaxBlocks || isFullOfFiles(cache))
          this.context.onManyChanges(this);
      },
      onUnreadable: (sequence, replayed) =>
        this.serve(cache.unreadable(sequence, replayed, this.context.clock.nowMs())),
      onProblems: (problems) => this.context.onProblems(problems),
      onConnection: (connected) => this.connectionChanged(cache, connected),
    });
  }

  private address(): EngineAddress {
    const { settings } = this.context;
    const { ip, port, rank, firstRank = 0, kvEventsPort, kvReplayPort } = this.endpoint;
    const number = firstRank + rank;
    const usualPort = settings.kvEventsPort + number;
    const eventsPort = kvEventsPort ?? usualPort;
    // Where the events are elsewhere than usual, another engine of the same host may be what replays at the usual port.
    const replayPort =
      kvReplayPort ?? (eventsPort === usualPort ? settings.kvReplayPort + number : undefined);
    const dialIn = { httpPort: port, rank: number };
    return { ip, eventsPort, dialIn, ...(replayPort === undefined ? {} : { replayPort }) };
  }

  private connectionChanged(cache: EngineCache, connected: boolean): void {
    this.connected = connected;
    if (this.state === 'gone') return;
    if (!connected) {
      this.state = 'stale';
      this.context.logger.warn({ engine: this.engineId, state: this.state }, 'lost the events of an engine');
      return;
    }
    if (this.hasStarted) {
      this.settle();
      this.serve(cache.suspect(this.context.clock.nowMs()));
      return;
    }
    this.hasStarted = true;
    this.serve(cache.start());
  }

  /** Runs a replay that the cache wants; the next one it wants follows. */
  private serve(request: ReplayRequest | undefined): void {
    if (!request || this.closing.signal.aborted) return;
    clearTimeout(this.retryTimer);
    this.state = 'replaying';
    void this.replay(request);
  }

  private async replay(request: ReplayRequest): Promise<void> {
    const { logger, clock } = this.context;
    const { cache, stream, engineId } = this;
    let complete = true;
    try {
      await stream?.replay(request.fromSequence);
    } catch (error) {
      complete = false;
      if (!this.closing.signal.aborted) {
        logger.warn(
          { engine: engineId, sequence: request.fromSequence, err: error },
          'an engine did not replay its events',
        );
      }
    }
    if (!cache || this.closing.signal.aborted) return;
    const next = cache.replayEnded(complete, clock.nowMs());
    if (next) {
      this.serve(next);
      return;
    }
    this.settle();
    this.replays = complete;
    if (complete) this.failedReplays = 0;
    else this.retryLater(cache);
  }

  private settle(): void {
    if (this.state === 'gone') return;
    this.state = this.connected ? (this.cache?.replaying ? 'replaying' : 'live') : 'stale';
    if (this.state === 'live') this.context.onProgress(this);
  }

  /** Engines often have no replay socket; one that names its port should answer there. */
  private retryLater(cache: EngineCache): void {
    const delayMs = REPLAY_RETRY_MS[this.failedReplays++];
    if (delayMs === undefined || this.endpoint.kvReplayPort === undefined) return;
    this.retryTimer = setTimeout(() => {
      if (this.connected && !cache.replaying) this.serve(cache.beginAnew(this.context.clock.nowMs()));
    }, delayMs);
  }

  private async learnIdentity(): Promise<EngineIdentity | undefined> {
    const { probe, settings, logger } = this.context;
    const policy = retry(handleAll, {
      maxAttempts: Number.MAX_SAFE_INTEGER,
      backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 2_000 }),
    });
    let attempts = 0;
    policy.onFailure(({ reason }) => {
      if (++attempts % 10 !== 1 || this.closing.signal.aborted) return;
      const err = 'error' in reason ? reason.error : undefined;
      logger.info(
        { engine: this.engineId, address: this.endpoint.address, attempts, err },
        'an engine does not say its model yet',
      );
    });
    return policy
      .execute(
        ({ signal }) =>
          probe.identify(
            this.endpoint.address,
            AbortSignal.any([signal, AbortSignal.timeout(settings.probeTimeoutMs)]),
          ),
        this.closing.signal,
      )
      .catch(() => undefined);
  }

  /** The store may have been flushed and the clock may be behind: consumers take only what exceeds what they know. */
  private async publishedIncarnation(): Promise<number> {
    // Taken over from a replica whose changes came here.
    if (this.begun.takenOverMs !== undefined && this.context.heardIncarnation(this.engineId) > 0) return 0;
    try {
      const ask = () => this.context.publishedIncarnation(this.engineId);
      return await patiently(this.context.isStarting()).execute(ask, this.closing.signal);
    } catch {
      return 0;
    }
  }

  /** The stored state; undefined when there is none or the store does not give it soon. */
  private async load() {
    const { store, logger } = this.context;
    const { namespace, name } = this.pool;
    try {
      return await patiently(this.context.isStarting()).execute(
        () => store.load(namespace, name, this.engineId),
        this.closing.signal,
      );
    } catch (error) {
      if (this.closing.signal.aborted) return undefined;
      logger.warn(
        { engine: this.engineId, err: error },
        'stored blocks could not be read; starting without them',
      );
      return undefined;
    }
  }
}

/** At our own start the store and the bus may still be connecting; later a takeover must not wait for them. */
function patiently(isStarting: boolean) {
  const when = isStarting ? 'starting' : 'running';
  return wrap(
    timeout(LOAD_TIMEOUT_MS[when], TimeoutStrategy.Aggressive),
    retry(handleAll, { maxAttempts: LOAD_ATTEMPTS[when], backoff: new ConstantBackoff(LOAD_RETRY_MS) }),
  );
}
