import type { ModelDirectory, PoolDirectory, PoolView } from '@penstock/cluster';
import type { ExpectedEngines } from '../application/expected-engines.js';
import type { Fleet, FleetPool, ModelRoute } from '../application/fleet.js';
import type { PoolPolicies } from '../application/pool-policies.js';
import type { ServedModels } from '../application/served-models.js';
import type { EngineWatch } from './engine-watch.js';
import { KnownEngine } from './known-engine.js';

/** Pools of the cluster with the state of their engines. */
export class ClusterFleet implements Fleet {
  private engines = new Map<string, KnownEngine>();
  private current: readonly FleetPool[] = [];
  private byId: ReadonlyMap<string, FleetPool> = new Map();
  private readonly stopListening: () => void;

  constructor(
    private readonly directory: PoolDirectory,
    private readonly models: ModelDirectory,
    private readonly watch: EngineWatch,
    private readonly policies: PoolPolicies,
    private readonly served: ServedModels,
    private readonly expected: ExpectedEngines,
  ) {
    this.stopListening = directory.onChange(() => this.refresh());
    this.refresh();
  }

  pools(): readonly FleetPool[] {
    return this.current;
  }

  pool(namespace: string, name: string): FleetPool | undefined {
    return this.byId.get(`${namespace}/${name}`);
  }

  route(model: string, draw: number): ModelRoute {
    return this.models.resolve(model, draw);
  }

  definedModels(): readonly string[] {
    return this.models.modelNames();
  }

  expectedPool(targetModel: string): FleetPool | undefined {
    for (const id of this.expected.poolsFor(targetModel)) {
      const pool = this.byId.get(id);
      if (pool) return pool;
    }
    return undefined;
  }

  expects(pool: FleetPool, model: string, targetModel: string): boolean {
    return this.expected.expects(pool, model, targetModel);
  }

  baseModels(pool: FleetPool): readonly string[] {
    return this.expected.baseModels(pool);
  }

  baseModelOf(pool: FleetPool, targetModel: string): string {
    return this.expected.baseModelOf(pool, targetModel);
  }

  reportUnreachable(address: string): void {
    for (const engine of this.engines.values()) if (engine.address === address) engine.unreachable = true;
  }

  reportDraining(engineId: string): void {
    this.engines.get(engineId)?.noticeDraining();
  }

  stop(): void {
    this.stopListening();
    this.watch.stop();
  }

  private refresh(): void {
    // Engines that leave or restart take their answers with them.
    for (const pool of this.current) this.served.note(pool);
    const seen = new Map<string, KnownEngine>();
    this.current = [...this.directory.pools()].sort(byName).map(({ pool, endpoints }) => ({
      namespace: pool.namespace,
      name: pool.name,
      ...(pool.routingPolicy === undefined ? {} : { policyName: pool.routingPolicy }),
      endpoints: endpoints.map((endpoint) => {
        const known = seen.get(endpoint.engineId) ?? this.engines.get(endpoint.engineId);
        const engine = known ?? new KnownEngine(endpoint);
        const address = engine.address;
        if (engine.update(endpoint)) this.policies.forgetEndpoint(address);
        seen.set(endpoint.engineId, engine);
        return engine;
      }),
    }));
    this.byId = new Map(this.current.map((pool) => [`${pool.namespace}/${pool.name}`, pool]));
    for (const [id, engine] of this.engines) {
      if (seen.has(id)) continue;
      this.watch.unfollow(engine);
      this.policies.forgetEndpoint(engine.address);
    }
    this.engines = seen;
    for (const engine of seen.values()) this.watch.follow(engine);
    // Looks every pool's policy up now, so that a changed annotation shows without waiting for a request.
    for (const pool of this.current) this.policies.of(pool);
  }
}

const byName = (a: PoolView, b: PoolView): number =>
  `${a.pool.namespace}/${a.pool.name}` < `${b.pool.namespace}/${b.pool.name}` ? -1 : 1;
