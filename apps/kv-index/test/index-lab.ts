import { inferencePoolKind, podKind, unpackKvDeltas, unpackKvSnapshot } from '@penstock/contracts';
import { blockKeys, KvReplica, namespaceSeed, PrefixIndex } from '@penstock/core/kv';
import { NatsEventBus } from '@penstock/messaging';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import { RedisBlockStore } from '@penstock/store';
import { FakeCluster, type ManagedServer, startNats, startRedis, until } from '@penstock/testing';
import { HttpEngineProbe } from '../src/adapters/http-engine-probe.js';
import { ZmqEngineStreams } from '../src/adapters/zmq-engine-streams.js';
import type { EngineTracker } from '../src/application/track-engines.js';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { INDEX, TRACKER } from '../src/injection-tokens.js';
import { BLOCK, type EngineOptions, RealEngine, tokensOf } from './real-engine.js';

export const NAMESPACE = 'lab';

export interface AddedEngine {
  readonly eventsPort?: number;
  readonly replayPort?: number;
  /** What the engine does until anybody knows of it. */
  readonly before?: (engine: RealEngine) => void;
}

/** A running kv-index on real NATS, Redis, HTTP and ZeroMQ; Kubernetes is a fake. */
export class IndexLab {
  readonly cluster = new FakeCluster();
  readonly engines = new Map<string, RealEngine>();
  nats!: ManagedServer;
  redis!: ManagedServer;
  /** What a subscriber of the events knows; empty until `startReader`. */
  readonly reader = new KvReplica(new PrefixIndex());
  private readerBus: NatsEventBus | undefined;
  private store: RedisBlockStore | undefined;
  private service!: RunningService;
  /** Added to the service's clock. */
  private aheadMs = 0;

  async start(flags: readonly string[] = []): Promise<void> {
    [this.nats, this.redis] = await Promise.all([startNats(), startRedis()]);
    const own = ['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--store-interval-ms=100'];
    const loaded = loadConfig(config, [...own, '--delta-interval-ms=20', ...flags], {});
    const ports = providePorts(({ logger }) => {
      const bus = NatsEventBus.connect({ servers: [this.nats.url], source: 'kv-index/lab' });
      const store = RedisBlockStore.connect({ urls: [this.redis.url] });
      return {
        cluster: this.cluster,
        bus,
        store,
        clock: { nowMs: () => Date.now() + this.aheadMs },
        streams: new ZmqEngineStreams('', logger),
        probe: new HttpEngineProbe(),
        close: async () => void (await Promise.all([bus.close(), store.close()])),
      };
    });
    const definition = { config, module: IndexModule.with(ports), grpc: { services: ['kvindex'] } };
    this.service = await runService(definition, loaded as never);
  }

  /** Follows the events as every subscriber does. */
  async startReader(): Promise<void> {
    const { reader } = this;
    this.readerBus = NatsEventBus.connect({ servers: [this.nats.url], source: 'reader/lab' });
    const onGap = () => reader.lostTrack();
    await this.readerBus.follow(
      { types: ['kv.delta', 'kv.snapshot'], from: 'last-per-subject', onGap },
      ({ type, data }) => {
        if (type === 'kv.snapshot') reader.applySnapshot(unpackKvSnapshot(data as never), 0);
        else for (const delta of unpackKvDeltas(data as never)) reader.applyDelta(delta, 0);
      },
    );
  }

  async stop(): Promise<void> {
    await this.service?.stop();
    await this.readerBus?.close();
    await this.store?.close();
    for (const engine of this.engines.values()) await engine.stop();
    await Promise.all([this.nats?.stop(), this.redis?.stop()]);
  }

  /** Time passes for the service. */
  passTime(ms: number): void {
    this.aheadMs += ms;
  }

  /** What the service says of itself, without figures of the process. */
  async metrics(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.service.listeners.metrics}/metrics`);
    const text = await answer.text();
    return text
      .split('\n')
      .filter((line) => line.startsWith('penstock_'))
      .join('\n');
  }

  /** The number that a pattern finds in the metrics; NaN when it is not there. */
  async figure(pattern: RegExp): Promise<number> {
    return Number(pattern.exec(await this.metrics())?.[1] ?? Number.NaN);
  }

  /** An engine with a pool of its own; resolves when Kubernetes knows it. */
  async addEngine(name: string, options: EngineOptions, added: AddedEngine = {}): Promise<RealEngine> {
    const engine = await RealEngine.start(options);
    added.before?.(engine);
    await this.declareEngine(name, engine, added);
    return engine;
  }

  async isLive(name: string): Promise<void> {
    const tracker = this.service.get<EngineTracker>(TRACKER);
    await until(() => tracker.get(`${NAMESPACE}/${name}`)?.state === 'live', 30_000);
  }

  /** Blocks that the service's index and the engines disagree on. */
  divergence(): number {
    return this.divergenceOf(this.service.get<PrefixIndex>(INDEX));
  }

  /** The same for the subscriber. */
  readerDivergence(): number {
    return this.divergenceOf(this.reader.index);
  }

  /** Blocks in Redis that engines do not hold, and the other way round. */
  async storeDivergence(): Promise<number> {
    this.store ??= RedisBlockStore.connect({ urls: [this.redis.url] });
    let different = 0;
    for (const [name, engine] of this.engines) {
      const stored = await this.store.load(NAMESPACE, name, `${NAMESPACE}/${name}`).catch(() => undefined);
      const known = new Set(stored?.blocks.flatMap(({ engineHashes }) => [...engineHashes]));
      for (const hash of engine.hashes()) if (!known.delete(hash)) different++;
      different += known.size;
    }
    return different;
  }

  /** Claimed and not held, or held and not known. Keys are computed from tokens, by nothing that the service computed. */
  private divergenceOf(index: PrefixIndex): number {
    let different = 0;
    const seed = namespaceSeed({ model: 'model-r', blockSize: BLOCK });
    for (const [name, engine] of this.engines) {
      const known = new Set(index.keysOf(`${NAMESPACE}/${name}`, 'gpu'));
      for (const prompt of engine.held) {
        const key = blockKeys(seed, tokensOf(prompt), BLOCK).at(-1) as bigint;
        if (!known.delete(key)) different++;
      }
      different += known.size;
    }
    return different;
  }

  /** Tells Kubernetes of an engine that runs. */
  async declareEngine(name: string, engine: RealEngine, added: AddedEngine = {}): Promise<void> {
    this.engines.set(name, engine);
    const spec = {
      selector: { matchLabels: { app: name } },
      targetPorts: [{ number: engine.httpPort }],
      endpointPickerRef: { name: 'epp', port: { number: 9002 } },
    };
    const metadata = { namespace: NAMESPACE, name };
    const kind = { apiVersion: 'inference.networking.k8s.io/v1', kind: 'InferencePool' };
    await this.cluster.create(inferencePoolKind as never, { ...kind, metadata, spec } as never);
    const ports = [
      { containerPort: engine.httpPort },
      { name: 'kv-events', containerPort: added.eventsPort ?? engine.eventsPort },
      { name: 'kv-replay', containerPort: added.replayPort ?? engine.replayPort },
    ];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels: { app: name } },
      spec: { nodeName: `node-${name}`, containers: [{ name: 'engine', ports }] },
      status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
    };
    await this.cluster.create(podKind as never, pod as never);
  }
}
