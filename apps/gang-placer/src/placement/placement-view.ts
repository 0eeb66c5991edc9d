import {
  type GangPlacement,
  gangPlacementKind,
  type Node,
  nodeKind,
  type Pod,
  type PodGang,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import type { Cluster, ClusterObject, Informer, ResourceKind } from '@penstock/core/ports';
import { hasEnded } from '../workload/pod-state.js';
import { readNode } from './read-node.js';

/** Everything that placement reads, as last seen. */
export class PlacementView {
  readonly nodes: Informer<Node>;
  /** Of all namespaces: each of them takes room. */
  readonly pods: Informer<Pod>;
  readonly gangs: Informer<PodGang>;
  readonly placements: Informer<GangPlacement>;
  /** Grows whenever room may have appeared. */
  capacityEpoch = 0;
  /** Told of every GangPlacement that the watch brings. */
  onPlacement: (placement: GangPlacement, isGone: boolean) => void = () => {};
  /** Pods that were bound here and that the watch still shows without a node: uid → node. */
  private readonly bound = new Map<string, string>();
  private readonly nodeTexts = new Map<string, string>();
  private readonly kinds: ReadonlyArray<readonly [string, Informer<ClusterObject>]>;

  /** @param changed called after every change */
  constructor(
    cluster: Cluster,
    namespace: string | undefined,
    private readonly changed: () => void,
  ) {
    const follow = <T extends ClusterObject>(
      kind: ResourceKind<T>,
      scope: { namespace?: string },
      look: (object: T, isGone: boolean) => void = () => {},
    ): Informer<T> =>
      cluster.inform(kind, scope, {
        onUpsert: (object) => {
          look(object, false);
          changed();
        },
        onDelete: (object) => {
          look(object, true);
          changed();
        },
        onSync: changed,
      });
    this.nodes = follow(nodeKind, {}, (node, isGone) => this.lookAtNode(node, isGone));
    this.pods = follow(podKind, {}, (pod, isGone) => this.lookAtPod(pod, isGone));
    this.gangs = follow(podGangKind, { namespace });
    this.placements = follow(gangPlacementKind, { namespace }, (placement, isGone) =>
      this.onPlacement(placement, isGone),
    );
    this.kinds = [
      ['nodes', this.nodes],
      ['pods', this.pods],
      ['podgangs', this.gangs],
      ['gangplacements', this.placements],
    ];
  }

  unsynced(): string[] {
    return this.kinds.filter(([, informer]) => !informer.synced).map(([name]) => name);
  }

  /** Age of the oldest of the caches, in milliseconds. */
  ageMs(): number {
    return Math.max(0, ...this.kinds.map(([, informer]) => informer.ageMs()));
  }

  /** The node of a pod, also when the watch does not show it yet; undefined while it has none. */
  nodeOf(pod: Pod): string | undefined {
    return pod.spec?.nodeName || this.bound.get(pod.metadata.uid ?? '');
  }

  /** A binding of ours has arrived, or was found; the watch may have shown it already, or the end of the pod. */
  noteBound({ metadata: { namespace, name, uid = '' } }: Pod, node: string): void {
    const seen = this.pods.get(namespace, name);
    if (seen?.metadata.uid === uid && !seen.spec?.nodeName) this.bound.set(uid, node);
    this.changed();
  }

  /** Room appeared in a way that the watches do not show. */
  noteFreed(): void {
    this.capacityEpoch++;
    this.changed();
  }

  async close(): Promise<void> {
    await Promise.all(this.kinds.map(([, informer]) => informer.stop()));
  }

  private lookAtPod(pod: Pod, isGone: boolean): void {
    if (isGone || pod.spec?.nodeName) this.bound.delete(pod.metadata.uid ?? '');
    if (pod.spec?.nodeName && (isGone || hasEnded(pod))) this.capacityEpoch++;
  }

  /** Nodes report every few seconds; only what placement reads of them counts as a change. */
  private lookAtNode(node: Node, isGone: boolean): void {
    const { name } = node.metadata;
    const text = isGone ? '' : JSON.stringify(readNode(node));
    if (text !== this.nodeTexts.get(name)) this.capacityEpoch++;
    if (isGone) this.nodeTexts.delete(name);
    else this.nodeTexts.set(name, text);
  }
}
