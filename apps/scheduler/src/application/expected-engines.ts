import type { FleetPool } from './fleet.js';
import type { ServedModels } from './served-models.js';

/** What the cluster's objects say about the models of pools, whether or not these have engines. */
export interface DeclaredModels {
  /** Whether an object decides about the model name. */
  isNamed(model: string): boolean;
  /** Targets that objects send to a pool, the most important first. */
  targetsOf(namespace: string, pool: string): readonly string[];
  /** Models of the autoscaled variants of a pool. */
  variantModels(namespace: string, pool: string): readonly string[];
  /** `<namespace>/<name>` of the pools with a variant of the model. */
  variantPools(model: string): readonly string[];
}

/** Tells which models a pool will serve, from objects and from what it served before: what is worth waiting for. */
export class ExpectedEngines {
  constructor(
    private readonly declared: DeclaredModels,
    private readonly served: ServedModels,
  ) {}

  /** Ids of the pools that may get an engine for the model, the best reason first. */
  poolsFor(model: string): string[] {
    const before = this.served.poolOf(model);
    return [...this.declared.variantPools(model), ...(before === undefined ? [] : [before])];
  }

  expects(pool: FleetPool, model: string, targetModel: string): boolean {
    const { namespace, name } = pool;
    return (
      this.declared.isNamed(model) ||
      pool.endpoints.some((endpoint) => endpoint.servedModels.has(targetModel)) ||
      this.served.baseModelOf(pool, targetModel) !== undefined ||
      this.declared.variantModels(namespace, name).includes(targetModel)
    );
  }

  /** Of the engines and variants; without either of what it served before, else the first target of an object. */
  baseModels(pool: FleetPool): readonly string[] {
    const { namespace, name, endpoints } = pool;
    const models = new Set(this.declared.variantModels(namespace, name));
    for (const { baseModel } of endpoints) if (baseModel !== undefined) models.add(baseModel);
    if (models.size > 0) return [...models];
    const before = this.served.baseModels(pool);
    return before.length > 0 ? before : this.declared.targetsOf(namespace, name).slice(0, 1);
  }

  baseModelOf(pool: FleetPool, targetModel: string): string {
    for (const { baseModel, servedModels } of pool.endpoints) {
      if (baseModel !== undefined && servedModels.has(targetModel)) return baseModel;
    }
    const before = this.served.baseModelOf(pool, targetModel);
    if (before !== undefined) return before;
    const [only, ...others] = this.baseModels(pool);
    return only !== undefined && others.length === 0 ? only : targetModel;
  }
}
