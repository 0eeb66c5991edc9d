import { fileURLToPath } from 'node:url';
import { inferencePoolKind, podKind } from '@penstock/contracts';
import { NatsEventBus } from '@penstock/messaging';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import { RedisBlockStore } from '@penstock/store';
import { AlertTrial, FakeCluster, type ManagedServer, startNats, startRedis, until } from '@penstock/testing';
import { HttpEngineProbe } from '../../src/adapters/http-engine-probe.js';
import { ZmqEngineStreams } from '../../src/adapters/zmq-engine-streams.js';
import type { EngineTracker } from '../../src/application/track-engines.js';
import { config } from '../../src/config.js';
import { IndexModule, providePorts } from '../../src/index.module.js';
import { TRACKER } from '../../src/injection-tokens.js';
import { type EngineOptions, RealEngine } from '../real-engine.js';

export const RULES = fileURLToPath(
  new URL('../../../../deploy/dashboards/rules/kv-index.yaml', import.meta.url),
);
const NAMESPACE = 'alerts';
/** Scrapes that stand for four minutes: longer than any alert waits. */
const SCRAPES = 16;

/** A running kv-index on real NATS, Redis and engines, and the trial of its alerts. */
export class AlertLab {
  readonly trial = new AlertTrial(RULES);
  readonly cluster = new FakeCluster();
  readonly engines = new Map<string, RealEngine>();
  nats!: ManagedServer;
  redis!: ManagedServer;
  private service!: RunningService;
  /** Added to the service's clock. */
  private aheadMs = 0;

  async start(flags: readonly string[] = []): Promise<void> {
    [this.nats, this.redis] = await Promise.all([startNats(), startRedis()]);
    const own = ['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--store-interval-ms=100'];
    const loaded = loadConfig(config, [...own, '--delta-interval-ms=20', ...flags], {});
    const ports = providePorts(({ logger }) => {
      const bus = NatsEventBus.connect({ servers: [this.nats.url], source: 'kv-index/alerts' });
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

  async stop(): Promise<void> {
    await this.service?.stop();
    for (const engine of this.engines.values()) await engine.stop();
    await Promise.all([this.nats?.stop(), this.redis?.stop()]);
  }

  /** Time passes for the service. */
  passTime(ms: number): void {
    this.aheadMs += ms;
  }

  async metrics(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.service.listeners.metrics}/metrics`);
    const text = await answer.text();
    return text
      .split('\n')
      .filter((line) => line.startsWith('penstock_'))
      .join('\n');
  }

  async figure(pattern: RegExp): Promise<number> {
    return Number(pattern.exec(await this.metrics())?.[1] ?? Number.NaN);
  }

  /** Scrapes for four minutes of Prometheus' time. @returns names of the alerts that fire within it */
  async watch(during: () => void = () => {}): Promise<Set<string>> {
    const from = this.trial.length;
    for (let i = 0; i < SCRAPES; i++) {
      during();
      this.trial.scraped(await this.metrics());
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return this.trial.firing(from);
  }

  /** An engine with a pool of its own. `before` is what it does until anybody knows of it. */
  async addEngine(
    name: string,
    options: EngineOptions,
    { replayPort, before }: { replayPort?: number; before?: (engine: RealEngine) => void } = {},
  ): Promise<RealEngine> {
    const engine = await RealEngine.start(options);
    this.engines.set(name, engine);
    before?.(engine);
    await this.declare(name, engine, replayPort ?? engine.replayPort);
    return engine;
  }

  async isLive(name: string): Promise<void> {
    const tracker = this.service.get<EngineTracker>(TRACKER);
    await until(() => tracker.get(`${NAMESPACE}/${name}`)?.state === 'live', 30_000);
  }

  private async declare(name: string, engine: RealEngine, replayPort: number): Promise<void> {
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
      { name: 'kv-events', containerPort: engine.eventsPort },
      { name: 'kv-replay', containerPort: replayPort },
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
