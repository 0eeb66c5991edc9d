import { POOL_ANNOTATION, type VariantAutoscaling, variantAutoscalingKind } from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';
import { matchesLabels } from '../pools/endpoints-of.js';
import type { Pool } from '../pools/pool.js';
import type { PoolView } from '../pools/pool-change.js';
import { type TargetRef, targetLabels } from './target-labels.js';

export interface VariantDirectoryOptions {
  /** Objects of this namespace only; all namespaces when absent. */
  readonly namespace?: string;
  /** Labels of a scale target are read again after this time; 30 s. */
  readonly targetRefreshMs?: number;
}

interface Target {
  readonly ref: string;
  readAtMs: number;
  /** Undefined until they were read once; empty when the target does not exist or its pods are not known. */
  labels: ReadonlyArray<Readonly<Record<string, string>>> | undefined;
}

/**
 * The VariantAutoscalings of the cluster: which pools will get engines for which models.
 *
 * A variant belongs to the pool that its annotation `penstock.dev/pool` names, else to the first pool (by name) whose
 * selector takes the pods of its scale target. Where these pods are not known it belongs to the only pool of its
 * namespace, if there is just one.
 */
export class VariantDirectory {
  readonly #cluster: Cluster;
  readonly #refreshMs: number;
  readonly #variants: Informer<VariantAutoscaling>;
  /** Labels of scale targets, by `<namespace>/<name>` of the variant. */
  readonly #targets = new Map<string, Target>();
  #pools: readonly PoolView[] | undefined;
  #models = new Map<string, string[]>();
  #stopped = false;

  constructor(cluster: Cluster, options: VariantDirectoryOptions = {}) {
    this.#cluster = cluster;
    this.#refreshMs = options.targetRefreshMs ?? 30_000;
    const touch = () => {
      this.#pools = undefined;
    };
    const handlers = { onUpsert: touch, onDelete: touch, onSync: touch };
    this.#variants = cluster.inform(variantAutoscalingKind, { namespace: options.namespace }, handlers);
  }

  get synced(): boolean {
    return this.#variants.synced;
  }

  /** Models that variants of a pool serve, in the order of the variants' names, without repeats. */
  modelsOf(pools: readonly PoolView[], namespace: string, pool: string): readonly string[] {
    return this.#current(pools).get(`${namespace}/${pool}`) ?? [];
  }

  /** `<namespace>/<name>` of the pools with a variant that serves the model. */
  poolsOf(pools: readonly PoolView[], model: string): string[] {
    const ids: string[] = [];
    for (const [id, models] of this.#current(pools)) if (models.includes(model)) ids.push(id);
    return ids;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#variants.stop();
  }

  #current(pools: readonly PoolView[]): ReadonlyMap<string, string[]> {
    if (this.#pools === pools && !this.#isOld()) return this.#models;
    this.#pools = pools;
    this.#models = new Map();
    const variants = [...this.#variants.list()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    for (const key of this.#targets.keys()) {
      if (!variants.some((variant) => keyOf(variant) === key)) this.#targets.delete(key);
    }
    for (const variant of variants) {
      // Other people's definitions of the kind may check less than ours.
      const model: unknown = variant.spec?.modelID;
      if (typeof model !== 'string' || model === '') continue;
      const id = this.#poolOf(variant, pools);
      if (id === undefined) continue;
      const models = this.#models.get(id) ?? [];
      if (!models.includes(model)) this.#models.set(id, [...models, model]);
    }
    return this.#models;
  }

  #poolOf(variant: VariantAutoscaling, pools: readonly PoolView[]): string | undefined {
    const { namespace = 'default', annotations } = variant.metadata;
    const named = annotations?.[POOL_ANNOTATION];
    if (named !== undefined && named !== '') return `${namespace}/${named}`;
    const near = pools
      .map(({ pool }) => pool)
      .filter((pool) => pool.namespace === namespace)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const labels = this.#labelsOf(variant);
    if (labels === undefined) return undefined;
    const takes = (pool: Pool) => labels.some((set) => matchesLabels(pool.selector, set));
    const [only, ...others] = near;
    const pool = labels.length > 0 ? near.find(takes) : others.length === 0 ? only : undefined;
    return pool && `${namespace}/${pool.name}`;
  }

  /** As last read; reads them in the background when they are new or old. */
  #labelsOf(variant: VariantAutoscaling): Target['labels'] {
    const { apiVersion, kind, name } = (variant.spec?.scaleTargetRef ?? {}) as Partial<
      Record<string, unknown>
    >;
    if (typeof kind !== 'string' || typeof name !== 'string') return [];
    const reference = { kind, name, ...(typeof apiVersion === 'string' ? { apiVersion } : {}) };
    const ref = JSON.stringify(reference);
    const key = keyOf(variant);
    let target = this.#targets.get(key);
    if (target?.ref !== ref) {
      target = { ref, readAtMs: Number.NEGATIVE_INFINITY, labels: undefined };
      this.#targets.set(key, target);
    }
    if (performance.now() - target.readAtMs >= this.#refreshMs) {
      target.readAtMs = performance.now();
      void this.#read(target, variant.metadata.namespace ?? 'default', reference);
    }
    return target.labels;
  }

  async #read(target: Target, namespace: string, ref: TargetRef): Promise<void> {
    // Without an answer the labels stay as they were, until the next turn.
    const labels = await targetLabels(this.#cluster, namespace, ref).catch(() => undefined);
    if (labels === undefined || this.#stopped) return;
    target.labels = labels;
    this.#pools = undefined;
  }

  #isOld(): boolean {
    const nowMs = performance.now();
    for (const { readAtMs } of this.#targets.values()) if (nowMs - readAtMs >= this.#refreshMs) return true;
    return false;
  }
}

function keyOf({ metadata }: VariantAutoscaling): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}
