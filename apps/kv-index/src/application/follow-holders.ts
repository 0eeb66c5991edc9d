import type { EventData } from '@penstock/contracts';
import { type EngineSync, isStorageHolder } from '@penstock/core/kv';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import type { ReplicaHost } from '@penstock/platform';
import type { RemoteEngines } from './remote-engines.js';

/** kv-offload repeats every snapshot at least every 20 s: after three of them missed nobody looks after the facts. */
const SILENT_MS = 60_000;
/** Others may know of an engine, or that it is there again, a little before we do. */
const UNKNOWN_MS = 5_000;

export interface HolderFollowerOptions {
  readonly bus: EventBus;
  /** What our own changes of the index go through, too. */
  readonly host: ReplicaHost;
  readonly remote: RemoteEngines;
  readonly clock: Clock;
  /** Our name as who follows engines. */
  readonly ingester: string;
  /** Engines that we follow ourselves: their changes do not depend on the bus. */
  readonly ownEngines: () => ReadonlySet<string>;
  /** Whether the pools have this engine. */
  readonly isKnown: (engineId: string) => boolean;
  /** Whether a publisher, as events name it, is alive. */
  readonly isAlive: (source: string) => boolean;
  /** An engine has a life that another replica follows. */
  readonly onForeignLife: (engineId: string, incarnation: number) => void;
  /** Pools in this Kubernetes namespace only, beside engines that `isKnown`; absent = all. */
  readonly namespace?: string;
}

export interface StorageStatus {
  readonly holders: number;
  /** Of those, how many wait for a snapshot. */
  readonly waiting: number;
  /** Longest time since anything was heard of one of them; 0 without any. */
  readonly oldestMs: number;
}

const TYPES = ['kv.snapshot', 'kv.delta', 'engine.registered', 'engine.ready', 'engine.gone'] as const;

/**
 * Keeps beside the engines that this replica follows what others say: of engines, the other replicas; of storage,
 * kv-offload. Nothing of it is published again or stored. Our own events come back in the same stream and are passed over.
 */
export class HolderFollower {
  /** Storage given up because nothing more was heard of it. */
  forgotten = 0;
  /** Events that were not applied: nobody is there any more who would correct them. */
  outdated = 0;
  /** Changes and snapshots that could not be read: of another version, or damaged. */
  unread = 0;
  private readonly heard = new Set<string>();
  private readonly unknownSinceMs = new Map<string, number>();
  private readonly startedMs: number;
  private subscription: Subscription | undefined;

  constructor(private readonly options: HolderFollowerOptions) {
    this.startedMs = options.clock.nowMs();
  }

  /** Starts with the newest snapshot of every holder; needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, host, ingester, ownEngines } = this.options;
    this.subscription = await bus.follow(
      {
        types: TYPES,
        from: 'last-per-subject',
        onGap: () => host.lostTrack(ownEngines()),
        onUnreadable: (type) => this.unreadable(type),
        wantsKey: (key, type) => type !== 'kv.delta' || key !== ingester,
      },
      (event) => this.apply(event),
    );
  }

  /** Gives up storage that fell silent and engines that no pool has. To be called every few seconds. */
  forgetSilent(): void {
    const { host, remote, clock, isKnown } = this.options;
    const nowMs = clock.nowMs();
    host.forgetSilentStorage(SILENT_MS);
    for (const holder of this.heard) {
      if (isStorageHolder(holder)) {
        if (!host.sync(holder)) this.heard.delete(holder);
        continue;
      }
      const sinceMs = isKnown(holder) ? undefined : (this.unknownSinceMs.get(holder) ?? nowMs);
      if (sinceMs === undefined) this.unknownSinceMs.delete(holder);
      else if (nowMs - sinceMs < UNKNOWN_MS) this.unknownSinceMs.set(holder, sinceMs);
      else {
        host.engineGone(holder);
        remote.forget(holder);
        this.heard.delete(holder);
        this.unknownSinceMs.delete(holder);
      }
    }
  }

  /** Storage that is followed. */
  storage(): EngineSync[] {
    const storage = [...this.heard].filter(isStorageHolder);
    return storage.flatMap((holder) => this.options.host.sync(holder) ?? []);
  }

  status(): StorageStatus {
    const storage = this.storage();
    return {
      holders: storage.length,
      waiting: storage.filter(({ state }) => state === 'waiting').length,
      oldestMs: Math.max(0, ...storage.map(({ ageMs }) => ageMs)),
    };
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private apply(event: IncomingEvent): void {
    const { type, data, source } = event;
    if (source === this.options.ingester || !this.isInScope(event)) return;
    if (type === 'kv.delta') this.applyDeltas(event, data as EventData<'kv.delta'>);
    else if (type === 'kv.snapshot') this.applySnapshot(event, data as EventData<'kv.snapshot'>);
    else if (type === 'engine.gone') this.applyGone(data as EventData<'engine.gone'>);
    else this.applyAnnounced(data as EventData<'engine.registered'>, source);
  }

  /** Nobody can say whose blocks it changed: until the next snapshots none of others' is to be claimed. */
  private unreadable(type: string): void {
    if (!type.startsWith('kv.')) return;
    this.unread++;
    this.options.host.lostTrack(this.options.ownEngines());
  }

  /** Engines of a list, and registered ones, are in no namespace of Kubernetes. */
  private isInScope({ namespace, data }: IncomingEvent): boolean {
    const { namespace: scope, isKnown } = this.options;
    if (scope === undefined || namespace === scope) return true;
    const { engine, deltas = [] } = data as { engine?: string; deltas?: ReadonlyArray<{ engine: string }> };
    return [engine, ...deltas.map((delta) => delta.engine)].some((id) => id !== undefined && isKnown(id));
  }

  private applyDeltas(event: IncomingEvent, batch: EventData<'kv.delta'>): void {
    const deltas = batch.deltas.filter(({ engine }) => this.mayTell(event, engine));
    if (deltas.length === 0) return;
    this.options.host.takeBatch({ ...batch, deltas });
    for (const delta of deltas) this.took(event, delta);
  }

  private applySnapshot(event: IncomingEvent, snapshot: EventData<'kv.snapshot'>): void {
    if (!this.mayTell(event, snapshot.engine)) return;
    this.options.host.takeSnapshot(snapshot);
    this.took(event, snapshot);
  }

  /** Without the life that ended nobody can say whether it is the one known here; `forgetSilent` finds out. */
  private applyGone({ engine, incarnation }: EventData<'engine.gone'>): void {
    if (incarnation !== undefined) this.options.host.engineGone(engine, incarnation);
  }

  /** Remembered, so that what was told is forgotten when nobody has the engine: it may never have had a block. */
  private applyAnnounced(data: EventData<'engine.registered'>, source: string): void {
    if (isStorageHolder(data.engine)) return;
    this.heard.add(data.engine);
    this.options.remote.announced(data, source);
  }

  /** What was written before our start by somebody who is not there any more would never be corrected. */
  private mayTell({ source, timeMs }: IncomingEvent, holder: string): boolean {
    if (isStorageHolder(holder)) return true;
    // Nobody else may write over an engine.
    if (serviceOf(source) !== serviceOf(this.options.ingester)) return false;
    if (timeMs >= this.startedMs || this.options.isAlive(source)) return true;
    this.outdated++;
    return false;
  }

  private took({ source }: IncomingEvent, { engine, incarnation }: { engine: string; incarnation: number }) {
    this.heard.add(engine);
    if (isStorageHolder(engine)) return;
    this.options.remote.changed(engine, incarnation, source);
    this.options.onForeignLife(engine, incarnation);
  }
}

/** `kv-index` of `kv-index/pod-1`. */
function serviceOf(source: string): string {
  return source.slice(0, source.indexOf('/'));
}
