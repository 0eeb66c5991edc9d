import { LabelledPods, LeaseMembers, PoolDirectory } from '@penstock/cluster';
import type { EventData } from '@penstock/contracts';
import type { ReadableIndex } from '@penstock/core/kv';
import type { BlockStore, Clock, Cluster, EventBus } from '@penstock/core/ports';
import { ConfigError, openReplicaHost, type ReplicaHost, type ServiceContext } from '@penstock/platform';
import { EngineAnnouncer } from './application/announce-engine.js';
import { ChangeFeed } from './application/change-feed.js';
import { EngineCatalogue } from './application/engine-catalogue.js';
import { EngineOwners } from './application/engine-owners.js';
import { EngineSources } from './application/engine-sources.js';
import type { DialInStats, EngineProbe, EngineStreams } from './application/engine-stream.js';
import { EngineTotals } from './application/engine-totals.js';
import { EngineFollower } from './application/follow-engine.js';
import { HolderFollower } from './application/follow-holders.js';
import { FileForwarder } from './application/forward-files.js';
import { BlockPersister } from './application/persist-changes.js';
import type { PromptTokenizer } from './application/prompt-tokenizer.js';
import { ChangePublisher } from './application/publish-changes.js';
import { RegisteredInstances } from './application/registered-instances.js';
import { RemoteEngines } from './application/remote-engines.js';
import { RegistrationSharing } from './application/share-registrations.js';
import { staticEngines } from './application/static-engines.js';
import { EngineTracker } from './application/track-engines.js';
import type { CacheReports } from './application/verify-engine.js';
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
  /** Connections of engines that dial in; absent = none can. */
  readonly dialIn?: DialInStats;
  /** What engines report of their caches; absent = none can be asked. */
  readonly reports?: CacheReports & { close(): Promise<void> };
  /** For prompts that come as text; absent = they are refused. */
  readonly tokenizer?: PromptTokenizer;
  /** Closes what the service itself opened; called last. */
  readonly close: () => Promise<void>;
}

/** Everything the index is made of. */
export interface IndexParts extends IndexPorts {
  /** This replica. */
  readonly instance: string;
  /** Who holds what; the host's. */
  readonly index: ReadableIndex;
  readonly host: ReplicaHost;
  /** What is applied to the index, for those who watch. */
  readonly feed: ChangeFeed;
  readonly metrics: KvIndexMetrics;
  readonly directory: PoolDirectory;
  /** Everything that names engines. */
  readonly sources: EngineSources;
  readonly totals: EngineTotals;
  readonly announcer: EngineAnnouncer;
  readonly persister: BlockPersister;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly holders: HolderFollower;
  readonly tracker: EngineTracker;
  /** This replica and the others. */
  readonly members: LeaseMembers;
  /** Engines that were registered over HTTP. */
  readonly registry: RegisteredInstances;
  /** What keeps them, and tells them to other replicas. */
  readonly sharing: RegistrationSharing;
  /** Every engine, whichever replica follows it. */
  readonly engines: EngineCatalogue;
}

/** The store and the bus may take this long to connect. */
const STARTING_MS = 10_000;

/**
 * Puts the index together on its ports; nothing runs before `IndexRun.start`, except the watches on pools
 * and other replicas.
 */
export function assembleIndex(
  ports: IndexPorts,
  context: Pick<ServiceContext<KvIndexConfig>, 'service' | 'instance' | 'config' | 'logger' | 'registry'>,
): IndexParts {
  const { service, instance, config, logger, registry } = context;
  if (config.leaseDurationMs <= 2 * config.leaseRenewMs) {
    const problem = `lease-duration-ms (${config.leaseDurationMs}) must be more than twice lease-renew-ms (${config.leaseRenewMs}), or one late renewal takes a replica for dead`;
    throw new ConfigError(service, [problem]);
  }
  const { cluster, bus, store, clock, streams, probe } = ports;
  const metrics = new KvIndexMetrics(registry);
  metrics.capacity.set(config.maxIndexHolders);
  const host: ReplicaHost = openReplicaHost(config.kvWorker, {
    clock,
    maxHolders: config.maxIndexHolders,
    onUpdates: (type, outcome, count) => {
      metrics.countIndexUpdates(type, outcome, count);
      if (type === 'storage' && outcome === 'forgotten') holders.forgotten += count;
    },
    onEvent: (event) => feed.publish(event),
    onOwnRefused: (refused) => {
      const followed = refused.flatMap((engineId) => tracker.get(engineId) ?? []);
      publisher.reload(followed, 'deltas did not apply');
    },
    onLost: (reason) => {
      publisher.reload(tracker.engines(), reason);
      for (const { engineId } of engines.engines()) feed.publish({ kind: 'reset', engineId });
    },
  });
  const { index } = host;
  const feed = new ChangeFeed((isWatched) => host.watch(isWatched));
  const totals = new EngineTotals();
  const announcer = new EngineAnnouncer(bus);
  const persister = new BlockPersister(
    store,
    logger,
    (outcome) => metrics.countStoreWrite(outcome),
    (engine) => tracker.storedLifeIsNewer(engine),
  );
  const ingester = `${service}/${instance}`;
  const publisher = new ChangePublisher(host, bus, persister, clock, config, ingester, logger);
  const forwarder = new FileForwarder(bus);
  const scope = config.namespace === undefined ? {} : { namespace: config.namespace };
  const { leaseNamespace, leaseRenewMs: renewMs, leaseDurationMs: deadAfterMs } = config;
  const group = { namespace: leaseNamespace, group: service, member: instance };
  const members = new LeaseMembers(cluster, { ...group, renewMs, deadAfterMs });
  const owners = new EngineOwners(() => members.members, instance);
  const syncOf = (engineId: string) => host.sync(engineId);
  const remote = new RemoteEngines(syncOf);
  const startedMs = performance.now();
  const publishedIncarnation = async (engineId: string) => {
    const last = await bus.lastByKey<EventData<'kv.snapshot'>>('kv.snapshot', `${engineId}/0`);
    return last?.data.incarnation ?? 0;
  };
  const followerContext = {
    streams,
    probe,
    store,
    clock,
    publishedIncarnation,
    heardIncarnation: (engineId: string) => remote.incarnationOf(engineId),
    hasOthers: () => members.members.length > 1,
    isStarting: () => performance.now() - startedMs < STARTING_MS,
    logger,
    settings: config,
    onManyChanges: (engine: EngineFollower) => {
      // What is stored must not be ahead of what was told: a takeover goes on from there.
      forwarder.forward(engine);
      publisher.publishDelta(engine);
    },
    onProgress: (engine: EngineFollower) => {
      if (engine.state !== 'live') return announcer.registered(engine);
      const takeoverMs = engine.takeoverMs();
      if (takeoverMs !== undefined) {
        // Others wait for it.
        publisher.publishDelta(engine);
        metrics.observeTakeover(takeoverMs);
      }
      announcer.ready(engine);
    },
    onLag: (lagMs: number) => metrics.observeLag(lagMs),
    onProblems: (problems: Readonly<Record<string, number>>) => metrics.countProblems(problems),
  };
  const tracker: EngineTracker = new EngineTracker({
    follow: (target, beginning) => new EngineFollower(followerContext, target, beginning),
    owns: (engineId) => owners.owns(engineId),
    identityOf: (engineId) => remote.identityOf(engineId),
    heardIncarnation: (engineId) => remote.incarnationOf(engineId),
    publishedIncarnation,
    publisher,
    forwarder,
    announcer,
    persister,
    host,
    store,
    logger,
    nowMs: () => clock.nowMs(),
    onEnd: (engine) => totals.keep(engine),
  });
  const holders = new HolderFollower({
    ...{ bus, host, remote, clock, ingester, ...scope },
    ownEngines: () => tracker.ownEngines(),
    isKnown: (engineId) => tracker.known().has(engineId),
    isAlive: (source) => members.members.some((member) => source === `${service}/${member}`),
    onForeignLife: (engineId, incarnation) => tracker.foreignLife(engineId, incarnation),
  });
  const instances = new RegisteredInstances();
  const shared = { cluster, namespace: leaseNamespace, registry: instances, logger };
  const sharing = new RegistrationSharing(shared);
  const engines = new EngineCatalogue(tracker, {
    told: (engineId) => remote.get(engineId),
    sync: syncOf,
    ownerOf: (engineId) => owners.ownerOf(engineId),
  });
  const directory = new PoolDirectory(cluster, scope);
  const { engineSelector: labelSelector } = config;
  const labelled = labelSelector === '' ? undefined : new LabelledPods(cluster, { labelSelector, ...scope });
  const listed = staticEngines(config.engines);
  const { enginePort } = config;
  const sources = new EngineSources({ directory, labelled, registry: instances, listed, enginePort });
  const made = {
    instance,
    index,
    host,
    feed,
    metrics,
    directory,
    sources,
    totals,
    announcer,
    persister,
    publisher,
  };
  return { ...ports, ...made, forwarder, holders, tracker, members, registry: instances, sharing, engines };
}
