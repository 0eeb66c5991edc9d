import { type Pool, poolOf, poolOfV1Alpha2 } from '@penstock/cluster';
import {
  type HorizontalPodAutoscaler,
  horizontalPodAutoscalerKind,
  inferencePoolKind,
  inferencePoolV1Alpha2Kind,
  type PodCliqueSet,
  podCliqueSetKind,
  type VariantAutoscaling,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { Cluster, ClusterObject, Informer, ResourceKind } from '@penstock/core/ports';
import type { ReferencedObjects } from './resolve-variants.js';
import type { Target } from './target.js';
import { TARGET_KINDS } from './target-kinds.js';

/** Variants and everything they refer to, as last seen. */
export class ObjectWatch implements ReferencedObjects {
  private readonly informers = new Map<string, Informer<ClusterObject>>();

  /** @param namespace watch one namespace only */
  constructor(cluster: Cluster, namespace: string | undefined) {
    const kinds = [
      variantAutoscalingKind,
      horizontalPodAutoscalerKind,
      inferencePoolKind,
      inferencePoolV1Alpha2Kind,
      ...TARGET_KINDS.map(({ kind }) => kind),
    ] as unknown as ResourceKind<ClusterObject>[];
    for (const kind of kinds) {
      this.informers.set(keyOf(kind), cluster.inform(kind, namespace === undefined ? {} : { namespace }));
    }
  }

  /** Kinds that were not listed yet. */
  unsynced(): string[] {
    return [...this.informers].filter(([, informer]) => !informer.synced).map(([kind]) => kind);
  }

  variants(): readonly VariantAutoscaling[] {
    return this.all<VariantAutoscaling>(variantAutoscalingKind as never);
  }

  get autoscalers(): readonly HorizontalPodAutoscaler[] {
    return this.all<HorizontalPodAutoscaler>(horizontalPodAutoscalerKind as never);
  }

  /** Pools that can be served; where both versions name the same one, v1 has it. */
  get pools(): readonly Pool[] {
    const pools = new Map<string, Pool>();
    const outcomes = [
      ...this.all<never>(inferencePoolV1Alpha2Kind as never).map(poolOfV1Alpha2),
      ...this.all<never>(inferencePoolKind as never).map(poolOf),
    ];
    for (const outcome of outcomes) {
      if ('pool' in outcome) pools.set(`${outcome.pool.namespace}/${outcome.pool.name}`, outcome.pool);
    }
    return [...pools.values()];
  }

  target(kindName: string, namespace: string, name: string): Target | undefined {
    const known = TARGET_KINDS.find(({ kind }) => kind.kind === kindName);
    const object = known && this.informers.get(keyOf(known.kind))?.get(namespace, name);
    if (!known || !object || object.metadata.deletionTimestamp !== undefined) return undefined;
    const described = known.describe(object as never, ({ metadata }) => this.setOf(metadata));
    return { kind: known.kind, namespace, name, ...described };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.informers.values()].map((informer) => informer.stop()));
  }

  private setOf({ namespace, ownerReferences }: PodCliqueSet['metadata']): PodCliqueSet | undefined {
    const owner = ownerReferences?.find(({ kind }) => kind === podCliqueSetKind.kind);
    const informer = this.informers.get(keyOf(podCliqueSetKind));
    return owner && (informer?.get(namespace, owner.name) as PodCliqueSet | undefined);
  }

  private all<T>(kind: ResourceKind): readonly T[] {
    return (this.informers.get(keyOf(kind))?.list() ?? []) as unknown as readonly T[];
  }
}

function keyOf({ plural, group }: Pick<ResourceKind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
