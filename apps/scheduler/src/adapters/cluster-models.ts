import type { ModelDirectory, PoolDirectory, VariantDirectory } from '@penstock/cluster';
import type { DeclaredModels } from '../application/expected-engines.js';

/** What InferenceModels, rewrites and VariantAutoscalings of the cluster say about the models of pools. */
export class ClusterModels implements DeclaredModels {
  constructor(
    private readonly models: ModelDirectory,
    private readonly pools: PoolDirectory,
    private readonly variants: VariantDirectory,
  ) {}

  isNamed(model: string): boolean {
    return this.models.resolve(model, 0).pool !== undefined;
  }

  targetsOf(namespace: string, pool: string): readonly string[] {
    return this.models.targetsOf(namespace, pool);
  }

  variantModels(namespace: string, pool: string): readonly string[] {
    return this.variants.modelsOf(this.pools.pools(), namespace, pool);
  }

  variantPools(model: string): readonly string[] {
    return this.variants.poolsOf(this.pools.pools(), model);
  }
}
