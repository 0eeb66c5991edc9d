import { gangPlacementKind, nodeKind, podGangKind, podKind } from '@penstock/contracts';
import { podRequests, quantityUnits } from '@penstock/core/placement';
import type { Cluster } from '@penstock/core/ports';

/**
 * Follows a real API and remembers every decision and every binding with its version, for what must hold of them: each
 * pod bound once, after a GangPlacement said so, no gang in part and no node with more on it than it has.
 */
export class BindingLedger {
  /** `<uid> <node>` → version of the first GangPlacement that says so. */
  private readonly decided = new Map<string, bigint>();
  /** Uid → its bindings, in order. */
  private readonly bound = new Map<string, Array<{ node: string; version: bigint }>>();

  constructor(private readonly cluster: Cluster) {
    cluster.inform(
      gangPlacementKind,
      {},
      {
        onUpsert: ({ metadata, spec }) => {
          for (const { uid, node } of spec.assignments) {
            const key = `${uid} ${node}`;
            if (!this.decided.has(key)) this.decided.set(key, BigInt(metadata.resourceVersion ?? 0));
          }
        },
      },
    );
    cluster.inform(
      podKind,
      {},
      {
        onUpsert: ({ metadata, spec }) => {
          const list = this.bound.get(metadata.uid ?? '') ?? [];
          if (!spec?.nodeName || list.at(-1)?.node === spec.nodeName) return;
          list.push({ node: spec.nodeName, version: BigInt(metadata.resourceVersion ?? 0) });
          this.bound.set(metadata.uid ?? '', list);
        },
      },
    );
  }

  /** @throws Error naming the first thing that is wrong */
  async verify(namespace: string): Promise<void> {
    for (const [uid, bindings] of this.bound) {
      if (bindings.length > 1)
        throw new Error(`pod ${uid} was bound to ${bindings.map((b) => b.node).join()}`);
      for (const { node, version } of bindings) {
        const decided = this.decided.get(`${uid} ${node}`);
        if (decided === undefined || decided > version)
          throw new Error(`pod ${uid} was bound to ${node} before a GangPlacement said so`);
      }
    }
    const pods = (await this.cluster.list(podKind, {})).filter(({ spec }) => spec?.nodeName);
    for (const gang of await this.cluster.list(podGangKind, { namespace })) {
      for (const group of gang.spec.podgroups) {
        const names = new Set(group.podReferences.map(({ name }) => name));
        const count = pods.filter(({ metadata }) => names.has(metadata.name)).length;
        if (count < group.minReplicas)
          throw new Error(`${count} of ${group.minReplicas} pods of ${group.name} are bound`);
      }
    }
    for (const { metadata, status } of await this.cluster.list(nodeKind, {})) {
      const used: Record<string, number> = {};
      for (const { spec } of pods.filter((pod) => pod.spec?.nodeName === metadata.name)) {
        for (const [resource, amount] of Object.entries(podRequests(spec as never)))
          used[resource] = (used[resource] ?? 0) + amount;
      }
      for (const [resource, quantity] of Object.entries(status?.allocatable ?? {})) {
        if ((used[resource] ?? 0) > quantityUnits(resource, quantity, 'down'))
          throw new Error(
            `node ${metadata.name} has ${used[resource]} ${resource} on it and only ${quantity}`,
          );
      }
    }
  }
}
