import type { Cluster, EventBus } from '@penstock/core/ports';
import { busCheck, clusterCheck, type HealthChecks } from '@penstock/platform';
import type { NodeDirectory } from './application/find-nodes.js';
import type { Leadership } from './leadership.js';

export interface HealthDependencies {
  readonly bus: EventBus;
  readonly cluster: Cluster;
  readonly directory: NodeDirectory;
  readonly leadership: Leadership;
}

/** Ready once it knows where the kv-nodes are; it need not decide. Whatever else is away, it goes on and says so. */
export function registerHealth(health: HealthChecks, deps: HealthDependencies): void {
  const { bus, cluster, directory, leadership } = deps;
  health.register({
    name: 'directory',
    required: true,
    check: () => {
      const nodes = directory.current();
      if (!nodes) throw new Error('the pods of kv-node are not listed yet');
      return `${nodes.size} kv-nodes`;
    },
  });
  health.register({
    name: 'kv-nodes',
    required: false,
    check: () => {
      const links = leadership.term?.fleet.all() ?? [];
      const lost = links.filter(({ client }) => !client);
      const [first] = lost;
      if (first) {
        const { node, address, problem, state } = first;
        const which = `${node} at ${address} is ${state}${problem && `: ${problem}`}`;
        throw new Error(`${lost.length} of ${links.length} kv-nodes cannot be asked; ${which}`);
      }
      return leadership.term ? `${links.length} are connected` : 'another replica decides';
    },
  });
  health.register({
    name: 's3',
    required: false,
    check: () => {
      const objects = leadership.term?.objects;
      if (objects?.problem) throw new Error(`${objects.store.where}: ${objects.problem}`);
      if (!objects) return leadership.term ? 'there is no S3 tier' : 'another replica decides';
      return objects.listed ? `listed; ${objects.foreign} objects are none of ours` : 'being listed';
    },
  });
  health.register({
    name: 'lease',
    required: false,
    check: () => {
      const { lease, term } = leadership;
      if (lease?.held) return `deciding, transition ${lease.transitions}`;
      if (term) throw new Error('deciding without the Lease until Kubernetes can be asked who has it');
      return 'another replica decides';
    },
  });
  health.register(clusterCheck(cluster));
  health.register(busCheck(bus));
}
