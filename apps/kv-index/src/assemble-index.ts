import { PoolDirectory } from '@penstock/cluster';
import type { EventData } from '@penstock/contracts';
import { KvReplica, PrefixIndex } from '@penstock/core/kv';
import type { BlockStore, Clock, Cluster, EventBus } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import { EngineAnnouncer } from './application/announce-engine.js';
import type { EngineProbe, EngineStreams } from './application/engine-stream.js';
import { EngineTotals } from './application/engine-totals.js';
import { EngineFollower } from './application/follow-engine.js';
import { StorageFollower } from './application/follow-storage.js';
import { FileForwarder } from './application/forward-files.js';
import { BlockPersister } from './application/persist-changes.js';
import { ChangePublisher } from './application/publish-changes.js';
import { EngineTracker } from './application/track-engines.js';
import type { KvIndexConfig } from './config.js';
import { KvIndexMetrics } from './metrics.js';

/** The outside world of the index. */
export interface IndexPorts {
  readonly cluster: Cluster;
  readonly bus: EventBus;
  readonly store: BlockStore;
  readonly clock: Clock;
  readonly streams: EngineStreams;
  readonly probe: EngineProbe & { close(): Promise<void> };
  /** Closes what the service itself opened; called last. */
  readonly close: () => Promise<void>;
}

/** Everything the index is made of. */
export interface IndexParts extends IndexPorts {
  readonly index: PrefixIndex;
  readonly metrics: KvIndexMetrics;
  readonly directory: PoolDirectory;
  readonly totals: EngineTotals;
  readonly announcer: EngineAnnouncer;
  readonly persister: BlockPersister;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly storage: StorageFollower;
  readonly tracker: EngineTracker;
}

/** Puts the index together on its ports; nothing runs before `IndexRun.start`, except the watch on the pools. */
export function assembleIndex(
  ports: IndexPorts,
  context: Pick<ServiceContext<KvIndexConfig>, 'service' | 'instance' | 'config' | 'logger' | 'registry'>,
): IndexParts {
  const { service, instance, config, logger, registry } = context;
  const { cluster, bus, store, clock, streams, probe } = ports;
  const metrics = new KvIndexMetrics(registry);
  metrics.capacity.set(config.maxIndexHolders);
  const index = new PrefixIndex({ maxHolders: config.maxIndexHolders });
  const replica = new KvReplica(index);
  const totals = new EngineTotals();
  const announcer = new EngineAnnouncer(bus);
  const persister = new BlockPersister(store, logger, (outcome) => metrics.countStoreWrite(outcome));
  const ingester = `${service}/${instance}`;
  const publisher = new ChangePublisher(replica, bus, persister, clock, config, ingester, logger);
  const forwarder = new FileForwarder(bus);
  const scope = config.namespace === undefined ? {} : { namespace: config.namespace };
  const storage = new StorageFollower({ bus, index, clock, ingester, ...scope });
  const followerContext = {
    streams,
    probe,
    store,
    clock,
    publishedIncarnation: async (engineId: string) => {
      const last = await bus.lastByKey<EventData<'kv.snapshot'>>('kv.snapshot', `${engineId}/0`);
      return last?.data.incarnation ?? 0;
    },
    logger,
    settings: config,
    onManyChanges: (engine: EngineFollower) => {
      publisher.publishDelta(engine);
      forwarder.forward(engine);
    },
    onProgress: (engine: EngineFollower) => {
      if (engine.state === 'live') announcer.ready(engine);
      else announcer.registered(engine);
    },
    onLag: (lagMs: number) => metrics.observeLag(lagMs),
    onProblems: (problems: Readonly<Record<string, number>>) => metrics.countProblems(problems),
  };
  const tracker = new EngineTracker({
    follow: (pool, endpoint, incarnationAfter) =>
      new EngineFollower(followerContext, pool, endpoint, incarnationAfter),
    publisher,
    forwarder,
    announcer,
    persister,
    replica,
    store,
    logger,
    nowMs: () => clock.nowMs(),
    onEnd: (engine) => totals.keep(engine),
  });
  const directory = new PoolDirectory(cluster, scope);
  const made = { index, metrics, directory, totals, announcer, persister, publisher };
  return { ...ports, ...made, forwarder, storage, tracker };
}
