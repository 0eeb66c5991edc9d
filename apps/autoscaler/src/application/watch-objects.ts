import { type Pool, poolOf, poolOfV1Alpha2 } from '@penstock/cluster';
import {
  type HorizontalPodAutoscaler,
  horizontalPodAutoscalerKind,
  type InferencePool,
  type InferencePoolV1Alpha2,
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
  private readonly variantObjects: Informer<VariantAutoscaling>;
  private readonly autoscalerObjects: Informer<HorizontalPodAutoscaler>;
  private readonly poolObjects: Informer<InferencePool>;
  private readonly oldPoolObjects: Informer<InferencePoolV1Alpha2>;
  /** By kind. */
  private readonly targets = new Map<string, Informer<ClusterObject>>();
  private readonly informers = new Map<string, Informer<ClusterObject>>();

  /** @param namespace watch one namespace only */
  constructor(cluster: Cluster, namespace: string | undefined) {
    const inform = <T extends ClusterObject>(kind: ResourceKind<T>): Informer<T> => {
      const informer = cluster.inform(kind, namespace === undefined ? {} : { namespace });
      this.informers.set(`${kind.plural}.${kind.group}`, informer);
      return informer;
    };
    this.variantObjects = inform(variantAutoscalingKind);
    this.autoscalerObjects = inform(horizontalPodAutoscalerKind);
    this.poolObjects = inform(inferencePoolKind);
    this.oldPoolObjects = inform(inferencePoolV1Alpha2Kind);
    for (const { kind } of TARGET_KINDS) this.targets.set(kind.kind, inform(kind));
  }

  /** Kinds that were not listed yet. */
  unsynced(): string[] {
    return [...this.informers].filter(([, informer]) => !informer.synced).map(([kind]) => kind);
  }

  variants(): readonly VariantAutoscaling[] {
    return this.variantObjects.list();
  }

  get autoscalers(): readonly HorizontalPodAutoscaler[] {
    return this.autoscalerObjects.list();
  }

  /** Pools that can be served; where both versions name the same one, v1 has it. */
  get pools(): readonly Pool[] {
    const pools = new Map<string, Pool>();
    const outcomes = [
      ...this.oldPoolObjects.list().map(poolOfV1Alpha2),
      ...this.poolObjects.list().map(poolOf),
    ];
    for (const outcome of outcomes) {
      if ('pool' in outcome) pools.set(`${outcome.pool.namespace}/${outcome.pool.name}`, outcome.pool);
    }
    return [...pools.values()];
  }

  target(kindName: string, namespace: string, name: string): Target | undefined {
    const known = TARGET_KINDS.find(({ kind }) => kind.kind === kindName);
    const object = this.targets.get(kindName)?.get(namespace, name);
    if (!known || !object || object.metadata.deletionTimestamp !== undefined) return undefined;
    const described = known.describe(object as never, ({ metadata }) => this.setOf(metadata));
    return { kind: known.kind, namespace, name, ...described };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.informers.values()].map((informer) => informer.stop()));
  }

  private setOf({ namespace, ownerReferences }: PodCliqueSet['metadata']): PodCliqueSet | undefined {
    const owner = ownerReferences?.find(({ kind }) => kind === podCliqueSetKind.kind);
    const sets = this.targets.get(podCliqueSetKind.kind);
    return owner && (sets?.get(namespace, owner.name) as PodCliqueSet | undefined);
  }
}
