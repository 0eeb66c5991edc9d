import type { Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks } from '@penstock/platform';
import type { KvFollower } from './adapters/kv-follower.js';
import type { StatusWriter } from './adapters/status-writer.js';
import type { TokenizerStore } from './adapters/tokenizer-store.js';
import type { Fleet } from './application/fleet.js';
import type { PoolPolicies } from './application/pool-policies.js';
import type { ParityView } from './application/tokenizing/tokenizer-parity.js';
import type { WaitForEngine } from './application/wait-for-engine.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly cluster: Cluster;
  readonly pools: { readonly synced: boolean; problems(): ReadonlyArray<{ readonly problem: string }> };
  readonly fleet: Fleet;
  readonly prefixes: KvFollower;
  readonly policies: PoolPolicies;
  readonly waits: WaitForEngine;
  readonly statuses: StatusWriter;
  readonly tokenizers: Pick<TokenizerStore, 'problems' | 'list'>;
  readonly parity: ParityView;
}

/**
 * Only pools must have been seen once: without NATS, Kubernetes or any engine the scheduler keeps deciding from
 * what it knows, and says so.
 */
export function registerHealth(health: HealthChecks, deps: HealthDependencies): void {
  const { bus, cluster, pools, fleet, prefixes, policies, waits, statuses, tokenizers, parity } = deps;
  health.register({
    name: 'pools',
    required: true,
    check: () => {
      if (!pools.synced) throw new Error('InferencePools and their pods were not listed yet');
      return `${fleet.pools().length} pools`;
    },
  });
  health.register({
    name: 'engines',
    required: false,
    check: () => {
      const engines = fleet.pools().flatMap((pool) => pool.endpoints);
      const ready = engines.filter((engine) => engine.excluded === undefined).length;
      const waiting = waits.requests === 0 ? '' : `; ${waits.requests} requests wait for one`;
      if (ready === 0) throw new Error(`none of ${engines.length} engines can take requests${waiting}`);
      return `${ready} of ${engines.length} ready${waiting}`;
    },
  });
  health.register({
    name: 'pool-objects',
    required: false,
    check: () => {
      const [first, ...more] = pools.problems();
      if (first) throw new Error(`${first.problem}${more.length > 0 ? ` (and ${more.length} more)` : ''}`);
      return undefined;
    },
  });
  health.register({
    name: 'routing-policies',
    required: false,
    check: () => {
      const [first] = policies.refused();
      if (!first) return undefined;
      throw new Error(
        `pool ${first.pool} asks for the unknown routing policy "${first.requested.slice(0, 100)}"; the default is used`,
      );
    },
  });
  health.register({
    name: 'tokenizers',
    required: false,
    check: () => {
      const [problem] = tokenizers.problems();
      if (problem) throw new Error(`tokenizer of ${problem.model || 'other models'}: ${problem.problem}`);
      const drift = parity.list().find(({ outcome }) => outcome === 'drift');
      if (drift)
        throw new Error(
          `${drift.kind} prompts of ${drift.model} are tokenised by its engines: ${drift.detail}`,
        );
      const whole = tokenizers.list().find(([, { tokenizer }]) => tokenizer.sharing.cuts === 'none');
      return (
        whole &&
        `only whole prompts are remembered for ${whole[0] || 'other models'}: ${whole[1].tokenizer.sharing.whyNot}`
      );
    },
  });
  health.register({
    name: 'statuses',
    required: false,
    check: () => {
      const { leads, problem } = statuses.status();
      if (problem !== undefined) throw new Error(problem);
      return leads ? 'written by this replica' : 'written by another replica';
    },
  });
  health.register(clusterCheck(cluster));
  health.register(busCheck(bus));
  health.register({
    name: 'kv-view',
    required: false,
    check: () => {
      const { engines, waiting, silent, blocks, storage, host } = prefixes.status();
      if (host.problem !== undefined) throw new Error(host.problem);
      if (waiting > 0) throw new Error(`${waiting} of ${engines} engines wait for a snapshot`);
      if (silent > 0)
        throw new Error(`nothing was heard of ${silent} of ${engines} engine caches for a minute`);
      if (storage.waiting > 0)
        throw new Error(`${storage.waiting} of ${storage.holders} storage holders wait for a snapshot`);
      const stored = storage.holders === 0 ? '' : `, ${storage.holders} storage holders`;
      return `${engines} engines${stored}, ${blocks} blocks`;
    },
  });
}
