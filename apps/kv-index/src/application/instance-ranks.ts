import type { InstanceRegistry } from './instance-registry.js';
import type { KnownEngine } from './known-engine.js';

/** Tenant of engines that the cluster has, and of registrations that name none. */
export const DEFAULT_TENANT = 'default';

/** A data-parallel rank of an instance, and the engine it is followed as. */
export interface InstanceRank {
  readonly tenantId: string;
  readonly instanceId: string;
  readonly rank: number;
  readonly engine: KnownEngine;
}

/** Every rank there is: of registered instances, and of engines that the cluster has, by `<namespace>/<pod>`. */
export function ranksOf(engines: Iterable<KnownEngine>, registry: InstanceRegistry): InstanceRank[] {
  const registered = new Map(registry.registrations().map((one) => [registry.engineIdOf(one), one]));
  return Array.from(engines, (engine) => {
    const registration = registered.get(engine.engineId);
    if (registration) {
      const { tenantId, instanceId, dpRank: rank } = registration;
      return { tenantId, instanceId, rank, engine };
    }
    const { namespace, pod, rank } = engine.endpoint;
    return { tenantId: DEFAULT_TENANT, instanceId: `${namespace}/${pod}`, rank, engine };
  });
}
