import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  apiVersionOf,
  type autoscalerV1,
  type Condition,
  CUSTOM_RESOURCES,
  deploymentKind,
  type EventData,
  type gangplacerV1,
  horizontalPodAutoscalerKind,
  type KubernetesEvent,
  kubernetesEventKind,
  namespaceKind,
  nodeKind,
  type Pod,
  podKind,
  type schedulerV1,
} from '@penstock/contracts';
import type { Cluster, ClusterObject, ResourceKind } from '@penstock/core/ports';
import { NatsEventBus } from '@penstock/messaging';
import { createGrpcClient, type GrpcMethods } from '@penstock/platform';
import { type Suite, startSuite } from '../../src/suite/start-suite.js';
import { waitUntil } from '../../src/suite/wait-until.js';
import { FrontDoor } from './front-door.js';
import { kinds } from './kinds.js';

/** Longest wait for anything: a busy machine with two cores starts an engine in a few seconds. */
const PATIENCE_MS = 60_000;
const CREATED = [
  ...[deploymentKind, horizontalPodAutoscalerKind, namespaceKind, nodeKind],
  ...CUSTOM_RESOURCES.map(({ resource }) => resource),
] as unknown as ResourceKind[];

/**
 * A running suite with one engine, ten times faster than the clock, on one node with eight GPUs of which an engine
 * takes two. It is looked at from outside only: Kubernetes API, front door, gRPC, metrics and events.
 */
export class CapacityLab {
  static readonly MODEL = 'Qwen/Qwen3-32B';
  /** PodClique of the laptop's engines. */
  static readonly ENGINES = 'laptop-0-engine';

  /** Every event of these types since the suite started. */
  readonly refused: Array<EventData<'placement.refused'>> = [];
  readonly decided: Array<EventData<'scaling.decided'>> = [];
  private readonly home = mkdtempSync(join(tmpdir(), 'penstock-capacity-'));
  private running: { suite: Suite; frontDoor: FrontDoor; bus: NatsEventBus } | undefined;

  async start(): Promise<void> {
    const options = { engines: 1, model: CapacityLab.MODEL, gpu: 'h100', speed: 10 };
    const suite = await startSuite(this.home, options, () => undefined, undefined, 'any');
    const bus = NatsEventBus.connect({ servers: [suite.record.urls.nats], source: 'test' });
    this.running = { suite, frontDoor: new FrontDoor(suite.record.urls), bus };
    await bus.follow<EventData<'placement.refused'>>(
      { types: ['placement.refused'], from: 'all' },
      ({ data }) => void this.refused.push(data),
    );
    await bus.follow<EventData<'scaling.decided'>>(
      { types: ['scaling.decided'], from: 'all' },
      ({ data }) => void this.decided.push(data),
    );
  }

  async stop(): Promise<void> {
    await this.running?.bus.close();
    await this.running?.suite.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  get suite(): Suite {
    return this.started.suite;
  }

  get cluster(): Cluster {
    return this.suite.cluster;
  }

  get frontDoor(): FrontDoor {
    return this.started.frontDoor;
  }

  until(what: string, check: () => Promise<boolean>): Promise<void> {
    return waitUntil(what, check, PATIENCE_MS);
  }

  /** Creates objects in order, in a namespace made for them where there is none. */
  async create(...objects: object[]): Promise<void> {
    for (const object of objects as ClusterObject[]) {
      const kind = CREATED.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
      if (!kind) throw new Error(`no kind for ${object.apiVersion} ${object.kind}`);
      const { namespace } = object.metadata;
      if (namespace !== undefined && !(await this.cluster.get(namespaceKind, undefined, namespace)))
        await this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await this.cluster.create(kind, object);
    }
  }

  async get<T>(kind: ResourceKind, namespace: string, name: string): Promise<T> {
    const found = await this.cluster.get(kind, namespace, name);
    if (!found) throw new Error(`there is no ${kind.kind} ${namespace}/${name}`);
    return found as T;
  }

  /** Pods that are not on their way out. */
  async pods(namespace: string, labelSelector: string): Promise<Pod[]> {
    const pods = await this.cluster.list(podKind, { namespace, labelSelector });
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async readyPods(namespace: string, labelSelector: string): Promise<Pod[]> {
    const isReady = ({ status }: Pod) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
    return (await this.pods(namespace, labelSelector)).filter(isReady);
  }

  /** `spec.replicas` through the scale subresource. */
  async replicas(kind: ResourceKind, namespace: string, name: string): Promise<number | undefined> {
    return (await this.cluster.readScale(kind, namespace, name))?.replicas;
  }

  async condition(
    kind: ResourceKind,
    namespace: string,
    name: string,
    type: string,
  ): Promise<Condition | undefined> {
    const { status } = await this.get<{ status?: { conditions?: Condition[] } }>(kind, namespace, name);
    return status?.conditions?.find((condition) => condition.type === type);
  }

  /** Kubernetes Events about an object, as `reason: message`. */
  async events(namespace: string, kind: string, name: string): Promise<string[]> {
    const events: KubernetesEvent[] = await this.cluster.list(kubernetesEventKind, { namespace });
    return events
      .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** Deletes sets, variants and Deployments, and waits until their pods are gone. */
  async remove(
    namespace: string,
    podSelector: string,
    ...objects: Array<['set' | 'variant' | 'deployment', string]>
  ): Promise<void> {
    for (const [kind, name] of objects) await this.cluster.delete(kinds[kind], namespace, name);
    await this.until(`the pods of ${namespace} to go`, async () => {
      return (await this.cluster.list(podKind, { namespace, labelSelector: podSelector })).length === 0;
    });
  }

  patchVariant(namespace: string, name: string, patch: object): Promise<unknown> {
    return this.cluster.mergePatch(kinds.variant, namespace, name, patch);
  }

  explainGang(namespace: string, gang: string): Promise<gangplacerV1.ExplainResponse> {
    type Methods = {
      Explain: { request: gangplacerV1.ExplainRequest; response: gangplacerV1.ExplainResponse };
    };
    const { gangPlacerGrpc: address } = this.suite.record.urls;
    const service = { proto: 'gangplacer', service: 'GangPlacerService', address };
    return ask<Methods, 'Explain'>(service, 'Explain', { namespace, gang });
  }

  recommend(namespace: string, name: string): Promise<autoscalerV1.RecommendResponse> {
    type Methods = {
      Recommend: { request: autoscalerV1.RecommendRequest; response: autoscalerV1.RecommendResponse };
    };
    const { autoscalerGrpc: address } = this.suite.record.urls;
    const service = { proto: 'autoscaler', service: 'AutoscalerService', address };
    return ask<Methods, 'Recommend'>(service, 'Recommend', { namespace, name, includeRecord: false });
  }

  /** What the schedulers remember of a request. */
  async explainRequest(requestId: string): Promise<schedulerV1.Decision> {
    type Methods = {
      Explain: { request: schedulerV1.ExplainRequest; response: schedulerV1.ExplainResponse };
    };
    const { schedulerGrpc: address } = this.suite.record.urls;
    const service = { proto: 'scheduler', service: 'SchedulerService', address };
    const { decision } = await ask<Methods, 'Explain'>(service, 'Explain', { requestId });
    if (!decision) throw new Error(`no scheduler remembers ${requestId}`);
    return decision;
  }

  private get started() {
    if (!this.running) throw new Error('the suite did not start');
    return this.running;
  }
}

async function ask<M extends GrpcMethods, K extends keyof M & string>(
  service: { proto: string; service: string; address: string },
  method: K,
  request: M[K]['request'],
): Promise<M[K]['response']> {
  const client = createGrpcClient<M>(service);
  try {
    return await client.call(method, request, { deadlineMs: 10_000 });
  } finally {
    client.close();
  }
}
