import { assertKvWire, type EventData, unpackKvDelta, unpackKvSnapshot } from '@penstock/contracts';
import { isStorageHolder, KvReplica, type PrefixIndex } from '@penstock/core/kv';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';

/** kv-offload repeats every snapshot at least every 20 s: after three of them missed nobody looks after the facts. */
const SILENT_MS = 60_000;

export interface StorageFollowerOptions {
  readonly bus: EventBus;
  /** The index that the engines are in, too. */
  readonly index: PrefixIndex;
  readonly clock: Clock;
  /** Our name as who follows engines. */
  readonly ingester: string;
  /** Storage of pools in this Kubernetes namespace only; absent = all. */
  readonly namespace?: string;
}

export interface StorageStatus {
  readonly holders: number;
  /** Of those, how many wait for a snapshot. */
  readonly waiting: number;
  /** Longest time since anything was heard of one of them; 0 without any. */
  readonly oldestMs: number;
}

/**
 * Keeps what kv-offload says storage holds beside what engines hold. Events of engines, this service's own, are passed
 * over unread. Nothing of it is published again or stored.
 */
export class StorageFollower {
  /** Holders given up because nothing more was heard of them. */
  forgotten = 0;
  /** Its own, so that a gap here costs no engine its blocks. */
  private readonly replica: KvReplica;
  private subscription: Subscription | undefined;

  constructor(private readonly options: StorageFollowerOptions) {
    this.replica = new KvReplica(options.index);
  }

  /** Starts with the newest snapshot of every holder; needs no connection to be there yet. */
  async start(): Promise<void> {
    const { bus, namespace, ingester } = this.options;
    this.subscription = await bus.follow(
      {
        ...(namespace === undefined ? {} : { namespace }),
        types: ['kv.snapshot', 'kv.delta'],
        from: 'last-per-subject',
        onGap: () => this.replica.lostTrack(),
        wantsKey: (key = '', type) => (type === 'kv.delta' ? key !== ingester : isStorageHolder(key)),
      },
      (event) => this.apply(event),
    );
  }

  /** Gives up storage that fell silent. To be called every few seconds. */
  forgetSilent(): void {
    this.forgotten += this.replica.forgetSilentStorage(this.options.clock.nowMs(), SILENT_MS);
  }

  status(): StorageStatus {
    const nowMs = this.options.clock.nowMs();
    let holders = 0;
    let waiting = 0;
    let oldestMs = 0;
    for (const holder of this.replica.engines()) {
      const sync = this.replica.sync(holder, nowMs);
      holders++;
      if (sync?.state === 'waiting') waiting++;
      oldestMs = Math.max(oldestMs, sync?.ageMs ?? 0);
    }
    return { holders, waiting, oldestMs };
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private apply({ type, data }: IncomingEvent): void {
    const nowMs = this.options.clock.nowMs();
    // What the subject says is not proof: a holder must never write over an engine.
    if (type === 'kv.snapshot') {
      const snapshot = data as EventData<'kv.snapshot'>;
      if (isStorageHolder(snapshot.engine)) this.replica.applySnapshot(unpackKvSnapshot(snapshot), nowMs);
      return;
    }
    const batch = data as EventData<'kv.delta'>;
    assertKvWire(batch);
    for (const delta of batch.deltas) {
      if (isStorageHolder(delta.engine)) this.replica.applyDelta(unpackKvDelta(delta), nowMs);
    }
  }
}
