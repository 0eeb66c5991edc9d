import { Module } from '@nestjs/common';
import {
  inferenceModelKind,
  inferencePoolKind,
  podKind,
  ROUTING_POLICY_ANNOTATION,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { EventBus } from '@penstock/core/ports';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import { FakeCluster, FakeEventBus } from '@penstock/testing';
import { httpOptions } from '../src/api/openai/http-options.js';
import { AppModule, controllers, providers } from '../src/app.module.js';
import { CLUSTER, EVENT_BUS } from '../src/application/tokens.js';
import { config } from '../src/config.js';
import { type FakeEngine, startFakeEngine } from './fake-engine.js';

export interface Harness {
  readonly service: RunningService;
  readonly url: string;
  readonly metricsUrl: string;
  readonly engines: readonly FakeEngine[];
  readonly addresses: readonly string[];
  readonly cluster: FakeCluster;
  /** The fake, when no other bus was given. */
  readonly bus: FakeEventBus;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  metrics(): Promise<string>;
  setPolicy(policy: string): Promise<unknown>;
  /** Adds the pod of an engine that had none at the start. */
  addPod(engine: number, labels?: Record<string, string>): Promise<unknown>;
  /** Sets an annotation of a pod, or takes it away. */
  annotate(engine: number, name: string, value: string | null): Promise<unknown>;
  /** Changes a pod's readiness. */
  setReady(engine: number, ready: boolean): Promise<unknown>;
  /** What the kubelet writes when the engine's container starts again. */
  setRestarts(engine: number, restartCount: number): Promise<unknown>;
  stop(): Promise<void>;
}

let subnets = Math.floor(Math.random() * 200);

export interface HarnessOptions {
  readonly engines?: number;
  readonly argv?: readonly string[];
  /** Engines that have a pod from the start; all unless given. */
  readonly pods?: number;
  /** Labels of the pods at the start, by engine. */
  readonly labels?: ReadonlyArray<Record<string, string>>;
  /** Nodes of the pods at the start, by engine. */
  readonly nodes?: readonly string[];
  /** VariantAutoscaling objects. */
  readonly variants?: ReadonlyArray<object>;
  /** InferenceModel objects. */
  readonly models?: ReadonlyArray<object>;
  readonly engineModels?: FakeEngine['models'];
  /** How all engines tokenise. */
  readonly tokenize?: NonNullable<FakeEngine['tokenize']>;
  /** A FakeEventBus unless given. */
  readonly bus?: EventBus;
}

/** The whole scheduler in this process, with scripted engines, and fakes for the cluster and the event bus. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const subnet = `127.42.${++subnets % 250}`;
  const first = await startFakeEngine(`${subnet}.1`);
  const engines = [first];
  for (let i = 1; i < (options.engines ?? 2); i++)
    engines.push(await startFakeEngine(`${subnet}.${i + 1}`, first.port));
  for (const engine of engines) {
    engine.models = options.engineModels ?? engine.models;
    if (options.tokenize) engine.tokenize = options.tokenize;
  }
  const addresses = engines.map((_, i) => `${subnet}.${i + 1}:${first.port}`);
  const cluster = Object.assign(new FakeCluster(), { close: async () => {} });
  const bus = (options.bus ?? new FakeEventBus()) as FakeEventBus;
  await cluster.create(inferencePoolKind as never, pool(first.port) as never);
  const addPod = (i: number, labels: Record<string, string> = {}) =>
    cluster.create(
      podKind as never,
      pod(`engine-${i}`, `${subnet}.${i + 1}`, labels, options.nodes?.[i]) as never,
    );
  for (let i = 0; i < (options.pods ?? engines.length); i++) await addPod(i, options.labels?.[i]);
  for (const variant of options.variants ?? [])
    await cluster.create(variantAutoscalingKind as never, variant as never);
  for (const model of options.models ?? []) await cluster.create(inferenceModelKind as never, model as never);
  const patchStatus = (engine: number, status: object) =>
    cluster.mergePatch(podKind as never, 'ns', `engine-${engine}`, { status }, { subresource: 'status' });

  const real = providers.filter((p) => p.provide !== CLUSTER && p.provide !== EVENT_BUS);
  @Module({
    controllers,
    providers: [...real, { provide: CLUSTER, useValue: cluster }, { provide: EVENT_BUS, useValue: bus }],
  })
  class TestModule extends AppModule {}

  const argv = [
    '--log-level=silent',
    '--http-port=0',
    '--grpc-port=0',
    '--metrics-port=0',
    '--instance=scheduler-t',
    '--scrape-interval-ms=50',
    // A thread per scheduler is much for a test; those of the thread ask for one.
    '--kv-worker=off',
    // Fake engines send no events of what they were sent, so nothing would end an expectation.
    '--speculative-ttl-ms=0',
  ];
  const service = await runService(
    { config, module: TestModule, http: httpOptions, grpc: { services: ['scheduler'], reusePort: true } },
    loadConfig(config, [...argv, ...(options.argv ?? [])], {}),
  );
  const url = `http://127.0.0.1:${service.listeners.http}`;
  const metricsUrl = `http://127.0.0.1:${service.listeners.metrics}`;
  const harness: Harness = {
    service,
    url,
    metricsUrl,
    engines,
    addresses,
    cluster,
    bus,
    addPod,
    annotate: (engine, name, value) =>
      cluster.mergePatch(podKind as never, 'ns', `engine-${engine}`, {
        metadata: { annotations: { [name]: value } },
      }),
    setPolicy: (policy) =>
      cluster.mergePatch(inferencePoolKind as never, 'ns', 'p', {
        metadata: { annotations: { [ROUTING_POLICY_ANNOTATION]: policy } },
      }),
    setReady: (engine, ready) =>
      patchStatus(engine, { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] }),
    setRestarts: (engine, restartCount) =>
      patchStatus(engine, { containerStatuses: [{ name: 'engine', ready: true, restartCount }] }),
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body:
          typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    metrics: async () => (await fetch(`${metricsUrl}/metrics`)).text(),
    stop: async () => {
      await service.stop();
      await Promise.all(engines.map((e) => e.stop()));
    },
  };
  await ready(harness);
  return harness;
}

async function ready({ url, metricsUrl }: Harness): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: unknown[] };
    if (models.data.length > 0 && (await fetch(`${metricsUrl}/readyz`)).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the scheduler did not get ready');
}

const pool = (port: number) => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: { name: 'p', namespace: 'ns' },
  spec: { selector: { matchLabels: { app: 'engine' } }, targetPorts: [{ number: port }] },
});

const pod = (name: string, ip: string, labels: Record<string, string>, nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', labels: { app: 'engine', ...labels } },
  spec: { containers: [{ name: 'engine' }], ...(nodeName ? { nodeName } : {}) },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
});
