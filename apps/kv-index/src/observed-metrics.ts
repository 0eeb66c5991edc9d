import type { LeaseMembers } from '@penstock/cluster';
import type { ReadableIndex } from '@penstock/core/kv';
import type { EventBus } from '@penstock/core/ports';
import type { ReplicaHost } from '@penstock/platform';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EngineCatalogue } from './application/engine-catalogue.js';
import type { DialInStats } from './application/engine-stream.js';
import type { EngineTotals } from './application/engine-totals.js';
import type { HolderFollower } from './application/follow-holders.js';
import type { FileForwarder } from './application/forward-files.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { ChangePublisher } from './application/publish-changes.js';
import type { EngineTracker } from './application/track-engines.js';

const PREFIX = 'penstock_kv_index';
/** Why connections of engines are closed; in a conflict each time is counted, not each connection. */
const REFUSALS = ['unknown-address', 'foreign-topic', 'ambiguous', 'too-many', 'failed'] as const;

export interface ObservedSources {
  readonly index: ReadableIndex;
  readonly host: ReplicaHost;
  readonly tracker: EngineTracker;
  readonly totals: EngineTotals;
  readonly publisher: ChangePublisher;
  readonly persister: BlockPersister;
  readonly forwarder: FileForwarder;
  readonly holders: HolderFollower;
  readonly members: LeaseMembers;
  readonly engines: EngineCatalogue;
  readonly bus: EventBus;
  readonly dialIn?: DialInStats | undefined;
}

/** Metrics of state that exists anyway: computed when they are scraped, not when it changes. */
export function observeSources(registry: Registry, sources: ObservedSources): void {
  const {
    index,
    host,
    tracker,
    totals,
    publisher,
    persister,
    forwarder,
    holders,
    members,
    engines,
    bus,
    dialIn,
  } = sources;
  const counters = () => totals.sum(tracker.engines());
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (g: Gauge<L>) => void,
  ) =>
    new Gauge({
      name: `${PREFIX}_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this as Gauge<L>);
      },
    });
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (c: Counter<L>) => void,
  ) =>
    new Counter({
      name: `${PREFIX}_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this as Counter<L>);
      },
    });

  gauge('index_backlog_bytes', 'Updates that wait to be written to the index', [], (g) =>
    g.set(host.status().backlogBytes),
  );
  counter(
    'index_losses_total',
    'Times the whole index was given up: more updates than it could take, or its thread ended',
    ['reason'],
    (c) => {
      const { overflows, restarts } = host.status();
      c.inc({ reason: 'overflow' }, overflows);
      c.inc({ reason: 'worker-lost' }, restarts);
    },
  );
  counter(
    'index_lookup_timeouts_total',
    'Lookups that found the index locked for too long and were answered with nothing',
    [],
    (c) => c.inc(host.status().timeouts),
  );
  gauge('engines', 'Engines that this replica follows, by state', ['state'], (g) => {
    for (const state of ['connecting', 'replaying', 'live', 'stale']) g.set({ state } as never, 0);
    for (const { state } of tracker.engines()) g.inc({ state });
  });
  gauge(
    'engines_of_others',
    'Engines that other replicas follow, by how this one has them',
    ['state'],
    (g) => {
      for (const state of ['connecting', 'live', 'stale']) g.set({ state } as never, 0);
      for (const { engineId, state } of engines.engines()) if (!tracker.get(engineId)) g.inc({ state });
    },
  );
  gauge('members', 'Live replicas of kv-index as this one sees them, itself among them', [], (g) =>
    g.set(members.members.length),
  );
  gauge('members_known', '1 while this replica sees the others, or could if there were any', [], (g) =>
    g.set(members.known && members.problem === undefined ? 1 : 0),
  );
  if (dialIn) {
    counter('dial_ins_total', 'Connections of engines that dialled in, by outcome', ['outcome'], (c) => {
      c.inc({ outcome: 'accepted' }, dialIn.accepted);
      c.inc({ outcome: 'conflict' }, dialIn.conflicts);
      for (const outcome of REFUSALS) c.inc({ outcome }, dialIn.refusals[outcome] ?? 0);
    });
  }
  counter('takeovers_total', 'Engines taken over from another replica', [], (c) => c.inc(tracker.takeovers));
  counter('handovers_total', 'Engines that another replica took over from this one', [], (c) =>
    c.inc(tracker.handovers),
  );
  counter('outdated_events_total', 'Changes told by replicas that were gone before this one began', [], (c) =>
    c.inc(holders.outdated),
  );
  counter(
    'unread_events_total',
    'Changes told by others that could not be read, so that theirs were given up',
    [],
    (c) => c.inc(holders.unread),
  );
  gauge(
    'lag_seconds',
    'Age of the newest batch of an engine followed here when it was applied',
    ['of'],
    (g) => {
      const lags = Array.from(tracker.engines(), ({ lagMs }) => lagMs ?? 0).sort((a, b) => a - b);
      g.set({ of: 'max' }, (lags.at(-1) ?? 0) / 1000);
      g.set({ of: 'p99' }, (lags[Math.ceil(lags.length * 0.99) - 1] ?? 0) / 1000);
    },
  );
  gauge('batches_behind', 'Batches of an engine followed here that wait for a replay', ['of'], (g) => {
    const behind = Array.from(tracker.engines(), ({ cache }) => cache?.parkedBatches ?? 0);
    behind.sort((a, b) => a - b);
    g.set({ of: 'max' }, behind.at(-1) ?? 0);
    g.set({ of: 'p99' }, behind[Math.ceil(behind.length * 0.99) - 1] ?? 0);
  });
  counter('batches_total', 'Engine event batches, by outcome', ['outcome'], (c) => {
    const { batches, duplicateBatches, droppedBatches, staleBatches, foreignRanks } = counters();
    c.inc({ outcome: 'applied' }, batches - foreignRanks);
    c.inc({ outcome: 'duplicate' }, duplicateBatches);
    c.inc({ outcome: 'dropped' }, droppedBatches);
    c.inc({ outcome: 'stale' }, staleBatches);
    c.inc({ outcome: 'foreign-rank' }, foreignRanks);
  });
  counter('blocks_total', 'Blocks in engine events, by event and outcome', ['event', 'outcome'], (c) => {
    const n = counters();
    c.inc({ event: 'stored', outcome: 'stored' }, n.storedBlocks);
    c.inc({ event: 'stored', outcome: 'repeated' }, n.repeatedBlocks);
    c.inc({ event: 'stored', outcome: 'unknown' }, n.unknownPlacements);
    c.inc({ event: 'removed', outcome: 'removed' }, n.removedBlocks);
    c.inc({ event: 'removed', outcome: 'unknown' }, n.unknownRemovals);
  });
  counter(
    'orphan_blocks_total',
    'Blocks whose parent was unknown, by what became of them',
    ['outcome'],
    (c) => {
      const { orphansParked, orphansAdopted, orphansDropped } = counters();
      c.inc({ outcome: 'parked' }, orphansParked);
      c.inc({ outcome: 'adopted' }, orphansAdopted);
      c.inc({ outcome: 'dropped' }, orphansDropped);
    },
  );
  gauge('orphan_blocks', 'Blocks that wait for their parent', [], (g) => {
    let waiting = 0;
    for (const { cache } of tracker.engines()) waiting += cache?.orphanBlocks ?? 0;
    g.set(waiting);
  });
  counter('events_skipped_total', 'Engine events that were not used, by reason', ['reason'], (c) => {
    for (const [reason, count] of Object.entries(counters().skipped)) c.inc({ reason }, count);
  });
  counter('clears_total', 'Events that say an engine dropped everything', [], (c) =>
    c.inc(counters().clears),
  );
  counter('gaps_total', 'Holes in engine event streams', [], (c) => c.inc(counters().gaps));
  counter('replays_total', 'Replays asked of engines, by outcome', ['outcome'], (c) => {
    const { replays, failedReplays, truncatedReplays } = counters();
    c.inc({ outcome: 'asked' }, replays);
    c.inc({ outcome: 'failed' }, failedReplays);
    c.inc({ outcome: 'truncated' }, truncatedReplays);
  });
  counter('engine_restarts_total', 'Restarts of engines, by how they were noticed', ['source'], (c) => {
    c.inc({ source: 'events' }, counters().restarts);
    c.inc({ source: 'kubernetes' }, tracker.processRestarts);
  });
  counter('fences_total', 'Times everything known of an engine was given up', [], (c) =>
    c.inc(counters().fences),
  );
  counter('published_total', 'Messages of changes, by type', ['type'], (c) => {
    c.inc({ type: 'kv.delta' }, publisher.deltas);
    c.inc({ type: 'kv.snapshot' }, publisher.snapshots);
  });
  counter(
    'storage_files_total',
    'Files that engines wrote to storage, by what became of the news',
    ['outcome'],
    (c) => {
      c.inc({ outcome: 'forwarded' }, forwarder.forwarded);
      c.inc({ outcome: 'no-node' }, forwarder.withoutNode);
    },
  );
  gauge('storage_holders', 'Storage (a node, an object store) that is followed, by state', ['state'], (g) => {
    const { holders: count, waiting } = holders.status();
    g.set({ state: 'synced' }, count - waiting);
    g.set({ state: 'waiting' }, waiting);
  });
  gauge('storage_age_seconds', 'Longest time since anything was heard of storage that is followed', [], (g) =>
    g.set(holders.status().oldestMs / 1000),
  );
  counter('storage_forgotten_total', 'Times storage was given up because nothing was heard of it', [], (c) =>
    c.inc(holders.forgotten),
  );
  gauge('blocks', 'Distinct blocks in the index', [], (g) => g.set(index.blocks));
  gauge('holders', '(block, holder) pairs in the index, engines and storage', [], (g) =>
    g.set(index.holders),
  );
  gauge('index_bytes', 'Memory of the index arrays', [], (g) => g.set(index.bytes));
  counter('refused_blocks_total', 'Blocks that did not fit into the index', [], (c) => c.inc(index.refused));
  gauge('store_connected', '1 while the block store is up to date', [], (g) =>
    g.set(persister.problem ? 0 : 1),
  );
  gauge('bus_connected', '1 while the event bus is connected', [], (g) =>
    g.set(bus.status().connected ? 1 : 0),
  );
  gauge('bus_buffered_events', 'Events that wait to be published', [], (g) =>
    g.set(bus.status().bufferedEvents),
  );
  counter('bus_dropped_events_total', 'Events lost because the buffer was full', [], (c) =>
    c.inc(bus.status().droppedEvents),
  );
}
