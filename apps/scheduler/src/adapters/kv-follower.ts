import type { EventData } from '@penstock/contracts';
import { isKnownKvWire } from '@penstock/contracts/kv-wire';
import {
  type EngineHolders,
  isStorageHolder,
  type KeyList,
  type TieredMatch,
  type TierKeys,
} from '@penstock/core/kv';
import type { EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import type { ReplicaHost, ReplicaHostStatus } from '@penstock/platform';
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
  /** Keeps the copy; stopped together with the follower. */
  readonly host: ReplicaHost;
  readonly namespace?: string;
  /** Events may have been missed: every engine waits for its next snapshot. */
  readonly onStreamGap?: () => void;
  readonly onDraining?: (engineId: string) => void;
  /** The engine dropped everything, began a new life, or left. */
  readonly onCleared?: (engineId: string) => void;
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
  readonly host: ReplicaHostStatus;
}

/** Keeps a copy of what every engine's cache, and storage, holds from the KV event stream. */
export class KvFollower implements PrefixView {
  private readonly subscriptions: Subscription[] = [];
  private lookedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: KvFollowerOptions) {}

  /** Starts with the newest snapshot of every engine; needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, host, namespace, onStreamGap } = this.options;
    const scope = namespace === undefined ? {} : { namespace };
    const onGap = () => {
      host.lostTrack();
      onStreamGap?.();
    };
    this.subscriptions.push(
      await bus.follow(
        {
          ...{ ...scope, types: ['kv.snapshot', 'kv.delta'], from: 'last-per-subject', onGap },
          // Nobody can say whose blocks it changed.
          onUnreadable: () => host.lostTrack(),
        },
        (event) => this.take(event),
      ),
      // The last word on every engine: its last snapshot may still be in the stream after it left.
      await bus.follow<EventData<'engine.gone'>>(
        { ...scope, types: ['engine.gone'], from: 'last-per-subject' },
        ({ data }) => {
          host.engineGone(data.engine, data.incarnation);
          this.options.onCleared?.(data.engine);
        },
      ),
      await bus.follow<EventData<'engine.draining'>>(
        { ...scope, types: ['engine.draining'], from: 'new' },
        ({ data }) => this.options.onDraining?.(data.engine),
      ),
    );
  }

  get knowsStorage(): boolean {
    return this.options.host.index.storageHolders > 0;
  }

  match(blocks: BigUint64Array | KeyList, engines: readonly EngineHolders[]): readonly TieredMatch[] {
    if (this.knowsStorage) this.forgetSilentStorage();
    return this.options.host.index.matchTiered(blocks, engines);
  }

  storedBehind(
    blocks: BigUint64Array | KeyList,
    from: number,
    holders: readonly string[],
    limit: number,
  ): readonly TierKeys[] {
    return this.options.host.index.storedBehind(blocks, from, holders, limit);
  }

  follows(engineId: string): boolean {
    return this.options.host.isSynced(engineId);
  }

  ageMs(engineId: string): number | undefined {
    return this.options.host.sync(engineId)?.ageMs;
  }

  status(): KvViewStatus {
    this.forgetSilentStorage();
    const { host } = this.options;
    const engines = { engines: 0, waiting: 0, silent: 0 };
    const storage = { holders: 0, waiting: 0, oldestMs: 0 };
    for (const { engineId: id, state, ageMs } of host.followed()) {
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
    return { ...engines, storage, blocks: host.index.blocks, host: host.status() };
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((s) => s.stop()));
    await this.options.host.stop();
  }

  private take({ type, data }: IncomingEvent): void {
    const { host } = this.options;
    if (type !== 'kv.delta') {
      host.takeSnapshot(data as EventData<'kv.snapshot'>);
      return;
    }
    const batch = data as EventData<'kv.delta'>;
    host.takeBatch(batch);
    if (!isKnownKvWire(batch)) return;
    for (const { engine, cleared } of batch.deltas) if (cleared) this.options.onCleared?.(engine);
  }

  private forgetSilentStorage(): void {
    const nowMs = performance.now();
    if (nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    this.options.host.forgetSilentStorage(SILENT_MS);
  }
}
