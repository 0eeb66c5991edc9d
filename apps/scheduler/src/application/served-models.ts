import { LRUCache } from 'lru-cache';
import type { FleetPool } from './fleet.js';

interface Served {
  readonly pool: string;
  readonly baseModel: string;
}

/** Names remembered after the last engine that served them is gone. */
const MAX_NAMES = 10_000;

/** Which pool had an engine for which model in the life of this process. */
export class ServedModels {
  private readonly names = new LRUCache<string, Served>({ max: MAX_NAMES });

  /** Notes what the engines of a pool serve now. */
  note(pool: FleetPool): void {
    const id = poolId(pool);
    for (const { servedModels, baseModel } of pool.endpoints) {
      if (baseModel === undefined) continue;
      for (const name of servedModels) this.names.set(name, { pool: id, baseModel });
    }
  }

  /** `<namespace>/<name>` of the pool that served the name last. */
  poolOf(model: string): string | undefined {
    return this.names.get(model)?.pool;
  }

  /** Base model of a name that the pool served. */
  baseModelOf(pool: FleetPool, model: string): string | undefined {
    const served = this.names.get(model);
    return served?.pool === poolId(pool) ? served.baseModel : undefined;
  }

  /** Base models that the pool served. */
  baseModels(pool: FleetPool): string[] {
    const id = poolId(pool);
    const models = new Set<string>();
    for (const served of this.names.values()) if (served.pool === id) models.add(served.baseModel);
    return [...models];
  }
}

const poolId = ({ namespace, name }: FleetPool): string => `${namespace}/${name}`;
