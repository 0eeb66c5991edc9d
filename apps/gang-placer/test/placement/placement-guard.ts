import {
  gangPlacementKind,
  type Node,
  nodeKind,
  type Pod,
  type PodGang,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import { podRequests, quantityUnits } from '@penstock/core/placement';
import type { Cluster, Informer } from '@penstock/core/ports';

/**
 * Watches a cluster for what must never happen: a pod bound that no GangPlacement names for that node, a pod bound
 * twice, a node with more on it than it has. `partialGangs` says which gangs are bound in part; `completed`, which of
 * them had their minimum once.
 */
export class PlacementGuard {
  readonly violations: string[] = [];
  /** Gangs that were seen with their minimum on nodes: from then on they are repaired, as far as there is room. */
  readonly completed = new Set<string>();
  binds = 0;
  /** Where the last pod was bound. */
  lastNode: string | undefined;
  private readonly homes = new Map<string, string>();
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly gangs: Informer<PodGang>;

  /** @param cluster its watch must tell changes in the order in which they happen, as FakeCluster's does */
  constructor(private readonly cluster: Cluster) {
    this.nodes = cluster.inform(nodeKind, {});
    this.gangs = cluster.inform(podGangKind, {});
    const placements = cluster.inform(gangPlacementKind, {});
    this.pods = cluster.inform(
      podKind,
      {},
      {
        onUpsert: (pod) => {
          const { uid = '', name } = pod.metadata;
          const node = pod.spec?.nodeName;
          const home = this.homes.get(uid);
          if (!node || node === home) return;
          if (home !== undefined) this.violations.push(`pod ${name} went from node ${home} to ${node}`);
          this.homes.set(uid, node);
          this.binds++;
          this.lastNode = node;
          const isRecorded = placements
            .list()
            .some(({ spec }) => spec.assignments.some((one) => one.uid === uid && one.node === node));
          if (!isRecorded)
            this.violations.push(`pod ${name} is bound to ${node}, which no GangPlacement says`);
          this.checkNode(node);
          this.noteComplete();
        },
      },
    );
  }

  /** Gangs with fewer pods bound than their minimum, but not none. */
  async partialGangs(): Promise<string[]> {
    const gangs = await this.cluster.list(podGangKind, {});
    const pods = await this.cluster.list(podKind, {});
    const isBound = (name: string) =>
      pods.some(({ metadata, spec }) => metadata.name === name && spec?.nodeName);
    return gangs.flatMap(({ metadata, spec }) => {
      const counts = spec.podgroups.map((group) => ({
        min: group.minReplicas,
        bound: group.podReferences.filter(({ name }) => isBound(name)).length,
      }));
      const none = counts.every(({ bound }) => bound === 0);
      return none || counts.every(({ bound, min }) => bound >= min) ? [] : [metadata.name];
    });
  }

  private noteComplete(): void {
    const isBound = ({ namespace, name }: { namespace: string; name: string }) => {
      const node = this.pods.get(namespace, name)?.spec?.nodeName;
      return node !== undefined && this.nodes.get(undefined, node) !== undefined;
    };
    for (const { metadata, spec } of this.gangs.list()) {
      const isWhole = spec.podgroups.every(
        ({ podReferences, minReplicas }) => podReferences.filter(isBound).length >= minReplicas,
      );
      if (isWhole) this.completed.add(metadata.name);
    }
  }

  private checkNode(name: string): void {
    const allocatable = this.nodes.get(undefined, name)?.status?.allocatable ?? {};
    const used: Record<string, number> = {};
    for (const { spec } of this.pods.list()) {
      if (spec?.nodeName !== name) continue;
      for (const [resource, amount] of Object.entries(podRequests(spec as never)))
        used[resource] = (used[resource] ?? 0) + amount;
    }
    for (const [resource, quantity] of Object.entries(allocatable)) {
      if ((used[resource] ?? 0) > quantityUnits(resource, quantity, 'down'))
        this.violations.push(`node ${name} has more ${resource} on it than there is`);
    }
  }
}
