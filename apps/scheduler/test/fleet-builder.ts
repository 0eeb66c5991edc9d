import type { Fleet, FleetEndpoint, FleetPool } from '../src/application/fleet.js';

let ordinal = 0;

/** An engine that takes requests, unless told otherwise. */
export function fleetEndpoint(facts: Partial<FleetEndpoint> = {}): FleetEndpoint {
  const id = ++ordinal;
  return {
    engineId: `ns/e${id}`,
    address: `127.0.0.1:${id}`,
    role: 'both',
    answers: facts.excluded === undefined,
    waiting: 0,
    running: 0,
    kvUsage: 0,
    kvCapacityTokens: 0,
    servedModels: new Set(),
    adapters: new Set(),
    blockSize: 0,
    ...facts,
  };
}

export const fleetPool = (name: string, ...endpoints: FleetEndpoint[]): FleetPool => ({
  namespace: 'ns',
  name,
  endpoints,
});

/** A fleet of fixed pools, or of those a function gives at every call; expects nothing unless told. */
export function fleetOf(
  pools: readonly FleetPool[] | (() => readonly FleetPool[]),
  facts: Partial<Fleet> = {},
): Fleet {
  const all = () => (typeof pools === 'function' ? pools() : pools);
  return {
    pools: all,
    pool: (namespace, name) => all().find((pool) => pool.namespace === namespace && pool.name === name),
    route: (model) => ({ targetModel: model, rule: 'none' }),
    definedModels: () => [],
    expectedPool: () => undefined,
    expects: () => false,
    baseModels: ({ endpoints }) => [...new Set(endpoints.flatMap((e) => e.baseModel ?? []))],
    baseModelOf: (_pool, target) => target,
    reportUnreachable: () => {},
    ...facts,
  };
}
