import {
  deploymentKind,
  type EventData,
  inferencePoolKind,
  type Pod,
  podKind,
  type VariantAutoscaling,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { ClusterObject, IncomingEvent, ResourceKind } from '@penstock/core/ports';
import { createLogger, createRegistry, loadConfig } from '@penstock/platform';
import { FakeBroker, FakeClock, FakeCluster, FakeEventBus } from '@penstock/testing';
import type { Registry } from 'prom-client';
import { type AutoscalerParts, assembleAutoscaler } from '../src/assemble-autoscaler.js';
import { type AutoscalerConfig, config } from '../src/config.js';
import { deployment, NAMESPACE, POOL_LABELS, podOf, pool } from './objects.js';

type Engines = NonNullable<EventData<'demand.reported'>['engines']>;
type Load = Partial<Engines[number]>;

/** A cluster, its Deployment controller and schedulers; outlives the autoscalers started on it. Time moves by hand. */
export class World {
  readonly clock = new FakeClock(Date.now());
  readonly cluster = new FakeCluster(() => this.clock.nowMs());
  readonly broker = new FakeBroker();
  readonly scheduler = new FakeEventBus({ broker: this.broker, nowMs: () => this.clock.nowMs() });
  readonly events: IncomingEvent<Record<string, unknown>>[] = [];
  /** Whether pods become ready as soon as they are made. */
  ready = true;
  private pods = 0;

  async start(): Promise<void> {
    const types = ['engine.draining', 'scaling.decided'];
    await this.scheduler.follow<Record<string, unknown>>(
      { types, from: 'new' },
      (e) => void this.events.push(e),
    );
    await this.add(inferencePoolKind, pool());
  }

  stop(): Promise<void> {
    return this.scheduler.close();
  }

  async add(kind: unknown, object: unknown): Promise<void> {
    await this.cluster.create(kind as ResourceKind, structuredClone(object) as ClusterObject);
  }

  async addDeployment(name: string, replicas: number, labels: Record<string, string> = {}): Promise<void> {
    await this.add(deploymentKind, deployment(name, replicas, labels));
    await this.reconcile(name, labels);
  }

  async addVariant(object: VariantAutoscaling): Promise<void> {
    await this.add(variantAutoscalingKind, object);
  }

  /** What a Deployment's controllers do: makes missing pods, deletes surplus ones, unready and cheapest first. */
  async reconcile(name: string, labels: Record<string, string> = {}): Promise<void> {
    const wanted = await this.replicas(name);
    const pods = await this.podsOf(name);
    for (let i = pods.length; i < wanted; i++) {
      await this.addPod(`${name}-${this.pods++}`, { ...POOL_LABELS, variant: name, ...labels });
    }
    const rank = (pod: Pod) =>
      (isReady(pod) ? 1_000_000 : 0) +
      Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
    const surplus = [...pods].sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(0, pods.length - wanted));
    for (const { metadata } of surplus) await this.cluster.delete(podKind, NAMESPACE, metadata.name);
  }

  async addPod(name: string, labels: Record<string, string>): Promise<void> {
    const pod = podOf(name, labels);
    await this.add(podKind, pod);
    if (this.ready) await this.makeReady(name);
  }

  async makeReady(name: string): Promise<void> {
    const status = {
      phase: 'Running',
      podIP: `10.0.0.${Number(name.match(/\d+$/)?.[0] ?? 0) + 1}`,
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await this.cluster.mergePatch(podKind, NAMESPACE, name, { status }, { subresource: 'status' });
  }

  async replicas(name: string): Promise<number> {
    return (await this.cluster.readScale(deploymentKind, NAMESPACE, name))?.replicas ?? -1;
  }

  async podsOf(name: string): Promise<Pod[]> {
    const options = { namespace: NAMESPACE, labelSelector: `variant=${name}` };
    return await this.cluster.list(podKind, options);
  }

  async variant(name: string): Promise<VariantAutoscaling> {
    const object = await this.cluster.get(variantAutoscalingKind, NAMESPACE, name);
    if (!object) throw new Error(`there is no variant ${name}`);
    return object;
  }

  /** Condition of a variant as `status/reason`. */
  async condition(name: string, type: string): Promise<string> {
    const found = (await this.variant(name)).status?.conditions?.find((c) => c.type === type);
    return `${found?.status}/${found?.reason}`;
  }

  async draining(name: string): Promise<string[]> {
    const pods = await this.podsOf(name);
    return pods.filter((p) => p.metadata.annotations?.['penstock.dev/draining']).map((p) => p.metadata.name);
  }

  /** One report of a scheduler: every ready pod with this load, and what differs by pod name. */
  async report(
    load: Load = {},
    over: Partial<EventData<'demand.reported'>> = {},
    byPod: Record<string, Load> = {},
  ): Promise<void> {
    const all = await this.cluster.list(podKind, { namespace: NAMESPACE });
    const engines = all.filter(isReady).map(({ metadata }) => ({
      engine: `${NAMESPACE}/${metadata.name}`,
      role: (metadata.labels?.['llm-d.ai/role'] ?? 'both') as 'both',
      ready: true,
      ...{ waiting: 0, running: 1, kvUsage: 0.4, kvCapacityTokens: 10_000, metricsAgeMs: 50 },
      ...load,
      ...byPod[metadata.name],
    }));
    const data = {
      ...{ model: 'm', class: 'standard', role: 'both', intervalMs: 1000, requests: 1, promptTokens: 100 },
      ...{ uncachedTokens: 100, outputTokens: 20, inFlight: 1, held: 0, heldTokens: 0, scheduler: 's0' },
      engines,
      ...over,
    };
    this.scheduler.publish({ type: 'demand.reported', namespace: NAMESPACE, pool: 'pool', data });
  }

  eventsOf(type: string): Record<string, unknown>[] {
    return this.events.filter((event) => event.type === type).map((event) => event.data);
  }
}

/** One autoscaler on a world, without its listeners. */
export class RunningAutoscaler {
  readonly bus: FakeEventBus;
  readonly parts: AutoscalerParts;
  readonly registry: Registry;

  constructor(
    private readonly world: World,
    flags: string[] = [],
  ) {
    const { cluster, clock, broker } = world;
    const defaults = ['--interval-ms=86400000', '--down-window-ms=10000', '--idle-ms=60000'];
    const loaded = loadConfig(config, [...defaults, ...flags], {});
    const logger = createLogger({ service: 'autoscaler', instance: 'test', level: 'silent' });
    this.bus = new FakeEventBus({ broker, source: 'autoscaler/test', nowMs: () => clock.nowMs() });
    this.registry = createRegistry('autoscaler', 'test');
    this.parts = assembleAutoscaler(
      { cluster, bus: this.bus, clock, close: () => this.bus.close() },
      { config: loaded.config as AutoscalerConfig, logger, registry: this.registry, instance: 'test' },
    );
    this.parts.run.start();
  }

  /** Lets everything that was written or published arrive. */
  async settle(): Promise<void> {
    await this.bus.settle();
    await this.world.scheduler.settle();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** One second: schedulers report, replicas are decided, controllers follow. */
  async second(report: () => Promise<void>, deployments: readonly string[] = []): Promise<void> {
    this.world.clock.advance(1000);
    await report();
    await this.settle();
    this.parts.run.tick();
    await this.settle();
    for (const name of deployments) await this.world.reconcile(name);
    await this.settle();
  }

  async seconds(
    count: number,
    report: () => Promise<void>,
    deployments: readonly string[] = [],
  ): Promise<void> {
    for (let i = 0; i < count; i++) await this.second(report, deployments);
  }

  async metric(name: string): Promise<string[]> {
    const text = await this.registry.getSingleMetricAsString(name);
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  async stop(): Promise<void> {
    await this.parts.run.stop();
    await this.bus.close();
  }
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}
