import type { LeaseMembers, PoolDirectory } from '@penstock/cluster';
import type { BlockStore, Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks, type ReplicaHost } from '@penstock/platform';
import type { EngineCatalogue } from './application/engine-catalogue.js';
import type { HolderFollower } from './application/follow-holders.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { EngineTracker } from './application/track-engines.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly store: BlockStore;
  readonly cluster: Cluster;
  readonly directory: PoolDirectory;
  readonly tracker: EngineTracker;
  readonly engines: EngineCatalogue;
  readonly persister: BlockPersister;
  readonly holders: HolderFollower;
  readonly members: LeaseMembers;
  readonly host: ReplicaHost;
}

/**
 * Only the pools must have been seen once: without NATS, Redis, Kubernetes or any engine the index keeps following and
 * answering from what it knows, and says so.
 */
export function registerHealth(health: HealthChecks, deps: HealthDependencies): void {
  const { bus, store, cluster, directory, tracker, engines, persister, holders, members, host } = deps;
  health.register({
    name: 'pools',
    required: true,
    check: () => {
      if (!directory.synced) throw new Error('InferencePools and their pods were not listed yet');
      const [problem] = directory.problems();
      return problem?.problem ?? `${directory.pools().length} pools`;
    },
  });
  health.register({
    name: 'engines',
    required: false,
    check: () => {
      const states = Array.from(engines.engines(), ({ state }) => state);
      const live = states.filter((state) => state === 'live').length;
      if (live < states.length) throw new Error(`${live} of ${states.length} engines are followed live`);
      return `${live} engines followed live, ${Array.from(tracker.engines()).length} of them by this replica`;
    },
  });
  health.register({
    name: 'storage',
    required: false,
    check: () => {
      const { holders: count, waiting } = holders.status();
      if (waiting > 0) throw new Error(`${waiting} of ${count} storage holders wait for a snapshot`);
      return count === 0 ? 'kv-offload says nothing of storage' : `${count} storage holders followed`;
    },
  });
  health.register({
    name: 'index',
    required: false,
    check: () => {
      const { problem } = host.status();
      if (problem !== undefined) throw new Error(problem);
      return `${host.index.blocks} blocks`;
    },
  });
  health.register({
    name: 'replicas',
    required: false,
    check: () => {
      if (members.problem) throw new Error(members.problem);
      if (!members.known) throw new Error('other replicas of kv-index were not looked for yet');
      return `${members.members.length} replicas: ${members.members.join(', ')}`;
    },
  });
  health.register(clusterCheck(cluster));
  health.register(busCheck(bus));
  health.register({
    name: 'redis',
    required: false,
    check: async () => {
      await store.probe();
      if (persister.problem) throw new Error(`blocks are not stored yet: ${persister.problem}`);
      return undefined;
    },
  });
}
