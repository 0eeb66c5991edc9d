import { inferencePoolKind, type Pod, podKind } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import type { Cluster, IncomingEvent } from '@penstock/core/ports';
import { createLogger, createRegistry, loadConfig } from '@penstock/platform';
import { FakeBlockStore, FakeBroker, FakeClock, FakeCluster, FakeEventBus, until } from '@penstock/testing';
import { assembleIndex } from '../src/assemble-index.js';
import { config, type KvIndexConfig } from '../src/config.js';
import { IndexRun } from '../src/run-index.js';
import { SimulatedEngine, SimulatedEngines, tokensOf } from './simulated-engine.js';

const NAMESPACE = 'ns';
const POOL = 'pool';

/** A cluster, a bus and a store that outlive the indexes started on them. */
export class World {
  readonly clock = new FakeClock(Date.now());
  readonly cluster = new FakeCluster();
  readonly broker = new FakeBroker();
  readonly store = new FakeBlockStore();
  readonly engines = new SimulatedEngines();
  readonly events: IncomingEvent[] = [];
  private readonly watcher = new FakeEventBus({ broker: this.broker });

  async start(): Promise<void> {
    const types = [
      'kv.delta',
      'kv.snapshot',
      'engine.registered',
      'engine.ready',
      'engine.gone',
      'tier.stored',
    ];
    await this.watcher.follow({ types, from: 'new' }, (event) => void this.events.push(event));
    const metadata = { namespace: NAMESPACE, name: POOL };
    const spec = {
      selector: { matchLabels: { app: 'engine' } },
      targetPorts: [{ number: 8000 }],
      endpointPickerRef: { name: 'epp', port: { number: 9002 } },
    };
    await this.cluster.create(
      inferencePoolKind as never,
      { apiVersion: 'inference.networking.k8s.io/v1', kind: 'InferencePool', metadata, spec } as never,
    );
  }

  stop(): Promise<void> {
    return this.watcher.close();
  }

  async addEngine(name: string, ip: string, restartCount = 0, nodeName?: string): Promise<SimulatedEngine> {
    const engine = this.engines.byIp.get(ip) ?? new SimulatedEngine();
    this.engines.byIp.set(ip, engine);
    await this.applyPod(name, ip, restartCount, nodeName);
    return engine;
  }

  async applyPod(name: string, ip: string, restartCount: number, nodeName?: string): Promise<void> {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name, labels: { app: 'engine' } },
      spec: {
        ...(nodeName ? { nodeName } : {}),
        containers: [
          {
            name: 'engine',
            ports: [
              { containerPort: 8000 },
              { name: 'kv-events', containerPort: 7001 },
              { name: 'kv-replay', containerPort: 7002 },
            ],
          },
        ],
      },
    } as Pod;
    const status = {
      phase: 'Running',
      podIP: ip,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'engine', restartCount, ready: true, image: '', imageID: '' }],
    };
    await this.cluster.apply(podKind as never, pod as never);
    await this.cluster.apply(podKind as never, { ...pod, status } as never, { subresource: 'status' });
  }

  removeEngine(name: string): Promise<void> {
    return this.cluster.delete(podKind as never, NAMESPACE, name);
  }

  eventsOf(type: string): IncomingEvent<Record<string, unknown>>[] {
    return this.events.filter((event) => event.type === type) as IncomingEvent<Record<string, unknown>>[];
  }
}

/** A cluster whose Leases a process can no longer write, as one that is killed or paused. */
class DyingCluster {
  readonly cluster: Cluster;
  private dead = false;

  constructor(real: Cluster) {
    const written = new Set<string | symbol>(['mergePatch', 'create', 'delete']);
    this.cluster = new Proxy(real, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (this.dead && written.has(name)) return () => Promise.reject(new Error('this process is dead'));
        return value.bind(target);
      },
    });
  }

  die(): void {
    this.dead = true;
  }

  revive(): void {
    this.dead = false;
  }
}

/** A thread per index is much for a test; those of the thread ask for one. */
const FLAGS = ['--delta-interval-ms=5', '--store-interval-ms=20', '--kv-worker=off'];

/** One kv-index on a world, without its listeners. */
export class RunningIndex {
  readonly bus: FakeEventBus;
  readonly parts: ReturnType<typeof assembleIndex>;
  private readonly run: IndexRun;

  private readonly cluster: DyingCluster;

  constructor(
    world: World,
    flags: string[] = [],
    readonly instance = 'test',
  ) {
    const loaded = loadConfig(config, [...FLAGS, ...flags], {});
    const settings = loaded.config as KvIndexConfig;
    const logger = createLogger({ service: 'kv-index', instance, level: 'silent' });
    this.bus = new FakeEventBus({ broker: world.broker, source: `kv-index/${instance}` });
    const { store, engines, clock } = world;
    this.cluster = new DyingCluster(world.cluster);
    const ports = {
      cluster: this.cluster.cluster,
      store,
      clock,
      bus: this.bus,
      streams: engines,
      probe: engines,
      close: () => this.bus.close(),
    };
    this.parts = assembleIndex(ports, {
      service: 'kv-index',
      instance,
      config: settings,
      logger,
      registry: createRegistry('kv-index', instance),
    });
    const { deltaIntervalMs, storeIntervalMs } = settings;
    this.run = new IndexRun({ ...this.parts, logger, deltaIntervalMs, storeIntervalMs });
    this.run.start();
  }

  /** Blocks of the prompt that the engine is said to hold, from the first on. */
  matched(engineId: string, prompt: string): number {
    const keys = blockKeys(namespaceSeed({ model: 'm', blockSize: 2 }), tokensOf(prompt), 2);
    return this.parts.index.match(keys, [engineId])[0]?.blocks ?? 0;
  }

  state(engineId: string): string | undefined {
    return this.parts.tracker.get(engineId)?.state;
  }

  live(engineId: string): Promise<void> {
    return until(() => this.state(engineId) === 'live');
  }

  async stop(): Promise<void> {
    await this.run.stop();
    await this.parts.host.stop();
    await this.parts.sources.stop();
    await this.bus.close();
  }

  /** Ends as a killed process does: nothing more is written. */
  async kill(world: World): Promise<void> {
    this.cluster.die();
    world.store.disconnect();
    this.bus.disconnect();
    await this.stop();
    world.store.reconnect();
  }

  /** Cut off from NATS and from its Lease, it goes on with all else. */
  cutOff(): void {
    this.cluster.die();
    this.bus.disconnect();
  }

  /** From now on its Lease is not renewed, though it goes on with all else. */
  loseLease(): void {
    this.cluster.die();
  }

  /** Its Lease is renewed again. */
  renewLease(): void {
    this.cluster.revive();
  }
}
