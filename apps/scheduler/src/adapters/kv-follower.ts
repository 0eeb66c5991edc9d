import { type EventData, unpackU64 } from '@penstock/contracts';
import { KvReplica, PrefixIndex, type PrefixMatch } from '@penstock/core/kv';
import type { Clock, EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import type { PrefixView } from '../application/prefix-view.js';

type Delta = EventData<'kv.delta'>;
type Snapshot = EventData<'kv.snapshot'>;

/** kv-index repeats every engine's snapshot at least every 20 s: after three of them missed the view may be wrong. */
const SILENT_MS = 60_000;

export interface KvFollowerOptions {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly namespace?: string;
  /** Called with every update and what it did: `applied`, `duplicate`, `gap`, … */
  readonly onUpdate?: (type: string, outcome: string) => void;
  readonly onDraining?: (engineId: string) => void;
}

/** Keeps a copy of every engine's cache contents from the KV event stream. */
export class KvFollower implements PrefixView {
  private readonly replica = new KvReplica(new PrefixIndex());
  private readonly subscriptions: Subscription[] = [];

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

  match(keys: BigUint64Array, engineIds: readonly string[]): readonly PrefixMatch[] {
    return this.replica.index.match(keys, engineIds);
  }

  follows(engineId: string): boolean {
    return this.replica.isSynced(engineId);
  }

  ageMs(engineId: string): number | undefined {
    return this.replica.sync(engineId, this.options.clock.nowMs())?.ageMs;
  }

  /** Engines followed; how many wait for a snapshot; how many were not heard of for longer than snapshots are apart. */
  status(): {
    readonly engines: number;
    readonly waiting: number;
    readonly silent: number;
    readonly blocks: number;
  } {
    const nowMs = this.options.clock.nowMs();
    let engines = 0;
    let waiting = 0;
    let silent = 0;
    for (const id of this.replica.engines()) {
      engines++;
      const sync = this.replica.sync(id, nowMs);
      if (sync?.state === 'waiting') waiting++;
      else if (sync && sync.ageMs > SILENT_MS) silent++;
    }
    return { engines, waiting, silent, blocks: this.replica.index.blocks };
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((s) => s.stop()));
  }

  private apply({ type, data }: IncomingEvent): void {
    let outcome: string;
    try {
      outcome = type === 'kv.delta' ? this.applyDelta(data as Delta) : this.applySnapshot(data as Snapshot);
    } catch {
      outcome = 'refused';
    }
    this.options.onUpdate?.(type, outcome);
  }

  private applyDelta({ engine: engineId, incarnation, sequence, cleared, changes }: Delta): string {
    const unpacked = changes.map(({ tier, stored, removed }) => ({
      tier,
      stored: unpackU64(stored),
      removed: unpackU64(removed),
    }));
    const delta = { engineId, incarnation, sequence, cleared, changes: unpacked };
    return this.replica.applyDelta(delta, this.options.clock.nowMs());
  }

  private applySnapshot({ engine: engineId, incarnation, sequence, part, parts, tiers }: Snapshot): string {
    const unpacked = tiers.map(({ tier, keys }) => ({ tier, keys: unpackU64(keys) }));
    const snapshot = { engineId, incarnation, sequence, part, parts, tiers: unpacked };
    return this.replica.applySnapshot(snapshot, this.options.clock.nowMs());
  }
}
