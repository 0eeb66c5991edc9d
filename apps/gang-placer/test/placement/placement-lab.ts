import {
  type GangPlacement,
  gangPlacementKind,
  type Node,
  nodeKind,
  type Pod,
  type PodGang,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import type { Cluster, IncomingEvent } from '@penstock/core/ports';
import { createLogger, createRegistry, loadConfig, systemClock } from '@penstock/platform';
import { FakeBroker, FakeCluster, FakeEventBus } from '@penstock/testing';
import { config, type PlacerConfig } from '../../src/config.js';
import { LeaderRun } from '../../src/leader/leader-run.js';
import { PlacerMetrics } from '../../src/metrics.js';
import { PlacementPart } from '../../src/placement/placement-part.js';

export const NAMESPACE = 'ns';
export const GPU = 'nvidia.com/gpu';

export interface GroupOptions {
  readonly name?: string;
  readonly pods: number;
  readonly minReplicas?: number;
  readonly gpus?: number;
  readonly spec?: object;
}

export interface GangOptions {
  readonly rack?: 'required' | 'preferred';
  readonly priority?: number;
  readonly initialized?: boolean;
  readonly gated?: boolean;
}

/** A cluster and a bus that outlive the placers started on them, with the objects that placement reads. */
export class PlacementWorld {
  readonly cluster = new FakeCluster();
  readonly broker = new FakeBroker();
  readonly events: IncomingEvent<Record<string, unknown>>[] = [];
  private readonly watcher = new FakeEventBus({ broker: this.broker });

  async start(): Promise<void> {
    const types = ['placement.decided', 'placement.bound', 'placement.evicted', 'placement.refused'];
    await this.watcher.follow<Record<string, unknown>>({ types, from: 'new' }, (event) => {
      this.events.push(event);
    });
  }

  stop(): Promise<void> {
    return this.watcher.close();
  }

  async addNode(
    name: string,
    gpus = 8,
    more: { labels?: Record<string, string>; spec?: object } = {},
  ): Promise<void> {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: more.labels ?? {} },
      spec: more.spec ?? {},
    };
    await this.cluster.apply(nodeKind, node as Node);
    const status = {
      allocatable: { [GPU]: String(gpus), cpu: '64', memory: '512Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await this.cluster.apply(nodeKind, { ...node, status } as Node, { subresource: 'status' });
  }

  /** Creates pods and then the gang that refers to them, complete unless told otherwise. */
  async addGang(name: string, groups: readonly GroupOptions[], options: GangOptions = {}): Promise<void> {
    const podgroups = [];
    for (const [i, group] of groups.entries()) {
      const groupName = group.name ?? `${name}-g${i}`;
      const podReferences = Array.from({ length: group.pods }, (_, p) => ({
        ...{ namespace: NAMESPACE, name: `${groupName}-${p}` },
      }));
      for (const reference of podReferences) await this.addPod(reference.name, group, options);
      podgroups.push({ name: groupName, podReferences, minReplicas: group.minReplicas ?? group.pods });
    }
    const packConstraint = options.rack ? { [options.rack]: 'rack' } : undefined;
    const gang = {
      apiVersion: 'scheduler.grove.io/v1alpha1',
      kind: 'PodGang',
      metadata: { namespace: NAMESPACE, name, labels: { 'app.kubernetes.io/part-of': 'set' } },
      spec: { podgroups, ...(packConstraint ? { topologyConstraint: { packConstraint } } : {}) },
    };
    await this.cluster.create(podGangKind, gang as PodGang);
    if (options.initialized !== false) await this.initialize(name);
  }

  async initialize(name: string): Promise<void> {
    const condition = {
      ...{ type: 'Initialized', status: 'True', reason: 'PodGangPodsCreated', message: '' },
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = { phase: 'Pending', conditions: [condition] };
    await this.cluster.mergePatch(podGangKind, NAMESPACE, name, { status }, { subresource: 'status' });
  }

  async addPod(
    name: string,
    group: GroupOptions,
    { priority = 0, gated = false }: GangOptions = {},
  ): Promise<void> {
    const limits = { ...(group.gpus === 0 ? {} : { [GPU]: String(group.gpus ?? 8) }), cpu: '1' };
    const spec = {
      ...{ schedulerName: 'penstock-gang-placer', priority },
      containers: [{ name: 'engine', resources: { limits } }],
      ...(gated ? { schedulingGates: [{ name: 'grove.io/podgang-pending-creation' }] } : {}),
      ...group.spec,
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: NAMESPACE, name }, spec };
    await this.cluster.create(podKind, pod as Pod);
  }

  pods(): Promise<Pod[]> {
    return this.cluster.list(podKind, {});
  }

  /** Node of every pod that has one. */
  async bound(): Promise<Record<string, string>> {
    const pods = await this.pods();
    return Object.fromEntries(
      pods.filter(({ spec }) => spec?.nodeName).map(({ metadata, spec }) => [metadata.name, spec?.nodeName]),
    ) as Record<string, string>;
  }

  placement(name: string): Promise<GangPlacement | undefined> {
    return this.cluster.get(gangPlacementKind, NAMESPACE, name);
  }

  async condition(gang: string, type: string) {
    const found = await this.cluster.get(podGangKind, NAMESPACE, gang);
    return found?.status?.conditions?.find((condition) => condition.type === type);
  }

  told(type: string): Array<Record<string, unknown>> {
    return this.events.filter((event) => event.type === type).map(({ data }) => data);
  }
}

/** One placer on a world, without its listeners and without the other parts of the service. */
export class RunningPlacement {
  readonly part: PlacementPart;
  readonly metrics = new PlacerMetrics(createRegistry('gang-placer', 'test'));
  private readonly bus: FakeEventBus;
  private readonly leader: LeaderRun;

  constructor(
    world: PlacementWorld,
    cluster: Cluster = world.cluster,
    instance = 'placer-a',
    flags: string[] = [],
  ) {
    const all = ['--batch-ms=1', '--retry-ms=200', '--refusal-interval-ms=100', ...flags];
    const settings = loadConfig(config, all, {}).config as PlacerConfig;
    const logger = createLogger({ service: 'gang-placer', instance, level: 'silent' });
    this.bus = new FakeEventBus({ broker: world.broker, source: `gang-placer/${instance}` });
    const { metrics, bus } = this;
    const context = { cluster, bus, clock: systemClock, config: settings, logger, instance, metrics };
    this.part = new PlacementPart(context);
    const { leaseNamespace, leaseName, leaseDurationMs } = settings;
    this.leader = new LeaderRun({
      ...{ cluster, parts: [this.part], logger, leaseNamespace, leaseName, leaseDurationMs },
      identity: instance,
    });
    this.leader.start();
  }

  async stop(): Promise<void> {
    await this.leader.stop();
    await this.bus.close();
  }
}
