import { unpackKvDelta, unpackKvSnapshot } from '@penstock/contracts/kv-wire';
import { type PrefixIndex, type ReplicaEvent, type ReplicaOutcome, WatchedReplica } from '@penstock/core/kv';
import { type EngineContents, engineContents } from './engine-contents.js';
import type { ReplicaNews } from './replica-news.js';
import type { ReplicaOrder } from './replica-order.js';

type DeltaBatch = Extract<ReplicaOrder, { type: 'kv.delta' }>['data'];

/** Outcomes after which a replica knows no less of an engine than before. */
const HARMLESS: ReadonlySet<ReplicaOutcome> = new Set(['applied', 'duplicate', 'stale']);

/** Carries orders out on a replica of the index and keeps count of what they did. */
export class ReplicaFeed {
  private counts = new Map<string, Map<string, number>>();
  private refused = new Set<string>();
  private events: ReplicaEvent[] = [];
  private contents: Array<readonly [number, EngineContents]> = [];
  private readonly listener = {
    isWatched: false,
    publish: (event: ReplicaEvent) => void this.events.push(event),
  };
  private readonly replica: WatchedReplica;

  constructor(private readonly index: PrefixIndex) {
    this.replica = new WatchedReplica(index, this.listener);
  }

  take(order: ReplicaOrder): void {
    const { replica } = this;
    switch (order.type) {
      case 'kv.delta':
        this.takeBatch(order.data, order.nowMs);
        break;
      case 'kv.snapshot':
        this.count(order.type, () => replica.applySnapshot(unpackKvSnapshot(order.data), order.nowMs));
        break;
      case 'unknown-wire':
        // Nobody can say whose blocks it changed.
        replica.lostTrack();
        this.add('kv.delta', 'unknown-wire', 1);
        break;
      case 'own':
        for (const delta of order.deltas) this.own(delta.engineId, replica.applyDelta(delta, order.nowMs));
        break;
      case 'own-snapshot':
        for (const snapshot of order.snapshots)
          this.own(snapshot.engineId, replica.applySnapshot(snapshot, order.nowMs));
        break;
      case 'gone':
        replica.engineGone(order.engineId, order.incarnation);
        break;
      case 'lost':
        replica.lostTrack(order.except);
        break;
      case 'silent':
        this.add('storage', 'forgotten', replica.forgetSilentStorage(order.nowMs, order.silentMs));
        break;
      case 'watch':
        this.listener.isWatched = order.isWatched;
        break;
      case 'contents': {
        const contents = engineContents(this.index, replica, order.engineId, order.withKeys);
        this.contents.push([order.request, contents]);
      }
    }
  }

  /** Counts an update that was not looked at. */
  skip(order: ReplicaOrder): void {
    this.add(order.type, 'dropped', 1);
  }

  /** What came of the orders since the last call. */
  news(): ReplicaNews {
    const counts = [...this.counts].flatMap(([type, outcomes]) =>
      [...outcomes].map(([outcome, count]) => [type, outcome, count] as const),
    );
    const { events, contents } = this;
    const refused = [...this.refused];
    this.counts = new Map();
    this.refused = new Set();
    this.events = [];
    this.contents = [];
    return { counts, refused, events, contents };
  }

  private takeBatch(batch: DeltaBatch, nowMs: number): void {
    for (const packed of batch.deltas) {
      this.count('kv.delta', () => {
        try {
          return this.replica.applyDelta(unpackKvDelta(packed), nowMs);
        } catch (error) {
          const { engine: engineId, incarnation, sequence } = packed;
          this.replica.missed({ engineId, incarnation, sequence }, nowMs);
          throw error;
        }
      });
    }
  }

  private own(engineId: string, outcome: ReplicaOutcome): void {
    this.add('own', outcome, 1);
    if (!HARMLESS.has(outcome)) this.refused.add(engineId);
  }

  private count(type: string, apply: () => ReplicaOutcome): void {
    let outcome: ReplicaOutcome;
    try {
      outcome = apply();
    } catch {
      outcome = 'refused';
    }
    this.add(type, outcome, 1);
  }

  private add(type: string, outcome: string, count: number): void {
    if (count === 0) return;
    const outcomes = this.counts.get(type) ?? new Map<string, number>();
    this.counts.set(type, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count));
  }
}
