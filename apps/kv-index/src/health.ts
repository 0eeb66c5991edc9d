import type { PoolDirectory } from '@penstock/cluster';
import type { BlockStore, Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks } from '@penstock/platform';
import type { StorageFollower } from './application/follow-storage.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { EngineTracker } from './application/track-engines.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly store: BlockStore;
  readonly cluster: Cluster;
  readonly directory: PoolDirectory;
  readonly tracker: EngineTracker;
  readonly persister: BlockPersister;
  readonly storage: StorageFollower;
}

/**
 * Only the pools must have been seen once: without NATS, Redis, Kubernetes or any engine the index keeps following and
 * answering from what it knows, and says so.
 */
export function registerHealth(health: HealthChecks, deps: HealthDependencies): void {
  const { bus, store, cluster, directory, tracker, persister, storage } = deps;
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
      const states = Array.from(tracker.engines(), (engine) => engine.state);
      const live = states.filter((state) => state === 'live').length;
      if (live < states.length) throw new Error(`${live} of ${states.length} engines are followed live`);
      return `${live} engines followed live`;
    },
  });
  health.register({
    name: 'storage',
    required: false,
    check: () => {
      const { holders, waiting } = storage.status();
      if (waiting > 0) throw new Error(`${waiting} of ${holders} storage holders wait for a snapshot`);
      return holders === 0 ? 'kv-offload says nothing of storage' : `${holders} storage holders followed`;
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
