import { assertKvWire, type EventData, unpackKvDelta, unpackKvSnapshot } from '@penstock/contracts';
import {
  type EngineHolders,
  isStorageHolder,
  KvReplica,
  PrefixIndex,
  type ReplicaOutcome,
  type TieredMatch,
  type TierKeys,
} from '@penstock/core/kv';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import type { PrefixView } from '../application/prefix-view.js';

/**
 * kv-index repeats every engine's snapshot at least every 20 s, kv-offload that of storage: after three of them missed the
 * view may be wrong. What an engine holds it will say again; what storage deletes while kv-offload is away nobody says.
 */
const SILENT_MS = 60_000;
/** Time between two looks for storage that fell silent. */
const LOOK_MS = 1_000;

export interface KvFollowerOptions {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly namespace?: string;
  /** Called with every update and what it did: `applied`, `duplicate`, `gap`, … */
  readonly onUpdate?: (type: string, outcome: string) => void;
  readonly onDraining?: (engineId: string) => void;
}

export interface KvViewStatus {
  /** Engines followed. */
  readonly engines: number;
  /** Of those, how many wait for a snapshot. */
  readonly waiting: number;
  /** Of those, how many were not heard of for longer than snapshots are apart. */
  readonly silent: number;
  readonly blocks: number;
  readonly storage: { readonly holders: number; readonly waiting: number; readonly oldestMs: number };
}

/** Keeps a copy of what every engine's cache, and storage, holds from the KV event stream. */
export class KvFollower implements PrefixView {
  private readonly replica = new KvReplica(new PrefixIndex());
  private readonly subscriptions: Subscription[] = [];
  private lookedMs = 0;

  constructor(private readonly options: KvFollowerOptions) {}

  /** Starts with the newest snapshot of every engine; needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, namespace, onUpdate } = this.options;
    const scope = namespace === undefined ? {} : { namespace };
    const onGap = () => {
      this.replica.lostTrack();
      onUpdate?.('stream', 'gap');
    };
    this.subscriptions.push(
      await bus.follow(
        { ...scope, types: ['kv.snapshot', 'kv.delta'], from: 'last-per-subject', onGap },
        (event) => this.apply(event),
      ),
      // The last word on every engine: its last snapshot may still be in the stream after it left.
      await bus.follow<EventData<'engine.gone'>>(
        { ...scope, types: ['engine.gone'], from: 'last-per-subject' },
        ({ data }) => this.replica.engineGone(data.engine, data.incarnation),
      ),
      await bus.follow<EventData<'engine.draining'>>(
        { ...scope, types: ['engine.draining'], from: 'new' },
        ({ data }) => this.options.onDraining?.(data.engine),
      ),
    );
  }

  get knowsStorage(): boolean {
    return this.replica.index.storageHolders > 0;
  }

  match(keys: BigUint64Array, engines: readonly EngineHolders[]): readonly TieredMatch[] {
    if (this.knowsStorage) this.forgetSilentStorage();
    return this.replica.index.matchTiered(keys, engines);
  }

  storedBehind(
    keys: BigUint64Array,
    from: number,
    holders: readonly string[],
    limit: number,
  ): readonly TierKeys[] {
    return this.replica.index.storedBehind(keys, from, holders, limit);
  }

  follows(engineId: string): boolean {
    return this.replica.isSynced(engineId);
  }

  ageMs(engineId: string): number | undefined {
    return this.replica.sync(engineId, this.options.clock.nowMs())?.ageMs;
  }

  status(): KvViewStatus {
    this.forgetSilentStorage();
    const nowMs = this.options.clock.nowMs();
    const engines = { engines: 0, waiting: 0, silent: 0 };
    const storage = { holders: 0, waiting: 0, oldestMs: 0 };
    for (const id of this.replica.engines()) {
      const { state = 'waiting', ageMs = 0 } = this.replica.sync(id, nowMs) ?? {};
      if (isStorageHolder(id)) {
        storage.holders++;
        if (state === 'waiting') storage.waiting++;
        storage.oldestMs = Math.max(storage.oldestMs, ageMs);
        continue;
      }
      engines.engines++;
      if (state === 'waiting') engines.waiting++;
      else if (ageMs > SILENT_MS) engines.silent++;
    }
    return { ...engines, storage, blocks: this.replica.index.blocks };
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((s) => s.stop()));
  }

  private apply({ type, data }: IncomingEvent): void {
    const nowMs = this.options.clock.nowMs();
    const attempt = (apply: () => ReplicaOutcome) => {
      let outcome: ReplicaOutcome = 'refused';
      try {
        outcome = apply();
      } catch {
        // Said by the outcome: the next update of the engine shows what it missed.
      }
      this.options.onUpdate?.(type, outcome);
    };
    if (type === 'kv.snapshot') {
      attempt(() => this.replica.applySnapshot(unpackKvSnapshot(data as EventData<'kv.snapshot'>), nowMs));
      return;
    }
    const batch = data as EventData<'kv.delta'>;
    assertKvWire(batch);
    for (const delta of batch.deltas) attempt(() => this.replica.applyDelta(unpackKvDelta(delta), nowMs));
  }

  private forgetSilentStorage(): void {
    const nowMs = this.options.clock.nowMs();
    if (nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    const forgotten = this.replica.forgetSilentStorage(nowMs, SILENT_MS);
    for (let i = 0; i < forgotten; i++) this.options.onUpdate?.('storage', 'forgotten');
  }
}
