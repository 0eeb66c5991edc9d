import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { KubernetesCluster } from '@penstock/cluster';
import {
  type Condition,
  GROVE_LABELS,
  type InferenceModel,
  inferenceModelKind,
  inferencePoolKind,
  namespaceKind,
  type Pod,
  podKind,
  ROLE_LABEL,
} from '@penstock/contracts';
import type { ClusterObject, EventBus, ResourceKind } from '@penstock/core/ports';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import { type DevCluster, FakeEventBus, startDevCluster, until } from '@penstock/testing';
import { config as placerConfig } from '../../gang-placer/src/config.js';
import { PlacerModule, providePorts } from '../../gang-placer/src/placer.module.js';
import { httpOptions } from '../../scheduler/src/api/openai/http-options.js';
import { AppModule, controllers, providers } from '../../scheduler/src/app.module.js';
import { EVENT_BUS } from '../../scheduler/src/application/tokens.js';
import { config as schedulerConfig } from '../../scheduler/src/config.js';
import { applyAll, customResourceDefinitions } from '../src/suite/manifest.js';
import { appEntry } from '../src/suite/workspace.js';
import { type Manifest, manifestFolder } from './manifest-folder.js';

const PATIENCE_MS = 90_000;
type Stored = ClusterObject & {
  spec: { replicas?: number; services?: Record<string, { replicas?: number; componentType?: string }> };
  status?: {
    conditions?: Condition[];
    availableReplicas?: number;
    parent?: Array<{ conditions?: Condition[] }>;
  };
};

const folder = manifestFolder();
const ofKind = (kind: string, group = '') =>
  folder.manifests.filter((manifest) => manifest.kind.kind === kind && manifest.kind.group.endsWith(group));
const graphs = ofKind('DynamoGraphDeployment');
const deployments = ofKind('Deployment');
const roads = ofKind('InferencePool', 'inference.llm-d.io');
const oldPools = ofKind('InferencePool', 'x-k8s.io');
const models = ofKind('InferenceModel');
const named = (manifests: readonly Manifest[]) =>
  manifests.map((manifest) => [manifest.object.metadata.name, manifest] as const);

const home = mkdtempSync(join(tmpdir(), 'penstock-manifests-'));
const kubeconfig = join(home, 'kubeconfig');
let dev: DevCluster;
let cluster: KubernetesCluster;
let placer: RunningService;
let scheduler: RunningService;
let frontDoor: string;

beforeAll(async () => {
  // At ten times the speed of the clock; images that people name, run as simulated engines.
  const engine = { command: [process.execPath, appEntry('engine-sim'), '--sim-speed', '10'] };
  dev = await startDevCluster({
    nodes: 1,
    gpusPerNode: 8,
    podCidr: `127.${randomInt(60, 250)}.0.0/16`,
    images: { 'vllm/vllm-openai': engine, 'nvcr.io/nvidia/ai-dynamo/vllm-runtime': engine },
    kubeconfigPath: kubeconfig,
  });
  cluster = new KubernetesCluster({ service: 'test', kubeconfig });
  await applyAll(cluster, customResourceDefinitions());
  const namespaces = new Set(folder.manifests.flatMap(({ object }) => object.metadata.namespace ?? []));
  for (const name of namespaces) {
    await cluster.apply(namespaceKind as ResourceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  }
  const common = ['--log-level=silent', '--metrics-port=0', '--grpc-port=0', `--kubeconfig=${kubeconfig}`];
  placer = await startPlacer([...common, '--instance=placer']);
  scheduler = await startScheduler([
    ...common,
    ...['--instance=scheduler', '--http-port=0', '--scrape-interval-ms=100', '--status-interval-ms=200'],
  ]);
  frontDoor = `http://127.0.0.1:${scheduler.listeners.http}`;
}, 120_000);
afterAll(async () => {
  await scheduler?.stop();
  await placer?.stop();
  await cluster?.close();
  await dev?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

async function startPlacer(argv: readonly string[]): Promise<RunningService> {
  const own = new KubernetesCluster({ service: 'gang-placer', kubeconfig: kubeconfig });
  const bus: EventBus = new FakeEventBus();
  const clock = { nowMs: () => Date.now() };
  const ports = providePorts(() => ({ cluster: own, bus, clock, close: () => own.close() }) as never);
  return await runService(
    { config: placerConfig, module: PlacerModule.with(ports) as never, grpc: { services: ['gangplacer'] } },
    loadConfig(placerConfig, argv, {}),
  );
}

async function startScheduler(argv: readonly string[]): Promise<RunningService> {
  const real = providers.filter((provider) => provider.provide !== EVENT_BUS);
  @Module({ controllers, providers: [...real, { provide: EVENT_BUS, useValue: new FakeEventBus() }] })
  class SchedulerModule extends AppModule {}
  return await runService(
    {
      config: schedulerConfig,
      module: SchedulerModule,
      http: httpOptions,
      grpc: { services: ['scheduler'] },
    },
    loadConfig(schedulerConfig, argv, {}),
  );
}

const stored = async ({ kind, object }: Manifest) =>
  (await cluster.get(kind, object.metadata.namespace, object.metadata.name)) as unknown as Stored;
const untilCondition = async (manifest: Manifest, type: string) => {
  let found: Condition | undefined;
  await until(async () => {
    const { conditions = [], parent = [] } = (await stored(manifest)).status ?? {};
    found = [...conditions, ...parent.flatMap((p) => p.conditions ?? [])].find((c) => c.type === type);
    return found !== undefined;
  }, PATIENCE_MS);
  return found;
};
const podsOf = async (namespace: string, labelSelector: string) =>
  (await cluster.list(podKind as ResourceKind, { namespace, labelSelector })) as unknown as Pod[];
const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

async function complete(model: string): Promise<number> {
  const response = await fetch(`${frontDoor}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt: 'The water turns the wheel', max_tokens: 4 }),
  });
  await response.text();
  return response.status;
}

/** Requests that an engine has answered. */
async function answered({ status }: Pod): Promise<number> {
  const text = await (await fetch(`http://${status?.podIP}:8000/metrics`)).text();
  const lines = text.match(/^vllm:request_success_total\{.*\} (\d+)/gm) ?? [];
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

describe(`running the manifests of ${process.env['PENSTOCK_MANIFESTS'] ?? 'deploy/examples'}`, () => {
  it('applies everything that runs as processes', async () => {
    const now = folder.manifests.filter((manifest) => !roads.includes(manifest));
    for (const { kind, object } of now) await cluster.apply(kind, object, { force: true });
    expect([graphs.length, deployments.length, oldPools.length, models.length].every((n) => n > 0)).toBe(
      true,
    );
  });

  it.each(named(graphs))(
    'binds the graph %s as one gang and routes its model to an engine that decodes',
    async (name, manifest) => {
      const { namespace = 'default' } = manifest.object.metadata;
      const services = Object.values((manifest.object as Stored).spec.services ?? {});
      const engines = services.filter(({ componentType }) => componentType !== 'frontend');
      const wanted = engines.reduce((sum, { replicas = 1 }) => sum + replicas, 0);
      let pods: Pod[] = [];
      await until(async () => {
        pods = await podsOf(namespace, `${GROVE_LABELS.partOf}=${name}`);
        return pods.length === wanted && pods.every(isReady);
      }, PATIENCE_MS);
      expect(new Set(pods.map(({ metadata }) => metadata.labels?.[GROVE_LABELS.podGang]))).toEqual(
        new Set([`${name}-0`]),
      );
      expect(new Set(pods.map(({ metadata }) => metadata.labels?.[ROLE_LABEL]))).toEqual(
        new Set(['prefill', 'decode']),
      );
      await until(async () => (await untilCondition(manifest, 'Ready'))?.status === 'True', PATIENCE_MS);

      const model = await modelOf(namespace, name);
      await until(async () => (await complete(model)) === 200, PATIENCE_MS);
      for (let i = 0; i < 4; i++) expect(await complete(model)).toBe(200);
      const byRole = { prefill: 0, decode: 0 };
      for (const pod of pods) byRole[pod.metadata.labels?.[ROLE_LABEL] as 'decode'] += await answered(pod);
      expect(byRole.prefill).toBe(0);
      expect(byRole.decode).toBeGreaterThanOrEqual(5);
    },
    240_000,
  );

  it.each(named(deployments))(
    'runs the Deployment %s',
    async (_name, manifest) => {
      await until(async () => {
        const { spec, status } = await stored(manifest);
        return (status?.availableReplicas ?? 0) >= (spec.replicas ?? 1);
      }, PATIENCE_MS);
    },
    120_000,
  );

  it.each(named(oldPools))(
    'serves the pool %s by guessed prefixes, and says so',
    async (_name, manifest) => {
      expect(await untilCondition(manifest, 'Accepted')).toMatchObject({ status: 'True' });
      await until(
        async () => (await untilCondition(manifest, 'penstock.dev/EnginesReady'))?.status === 'True',
        PATIENCE_MS,
      );
      expect(await untilCondition(manifest, 'penstock.dev/PrefixesExact')).toMatchObject({ status: 'False' });
    },
    120_000,
  );

  it.each(named(models))(
    'routes the name of the model object %s, or says which object has it',
    async (_name, manifest) => {
      const { modelName } = (manifest.object as unknown as InferenceModel).spec;
      const accepted = await untilCondition(manifest, 'Accepted');
      if (accepted?.status === 'False') {
        expect(accepted).toMatchObject({ reason: 'NameInUse', message: expect.stringContaining(modelName) });
      } else {
        // Some of its targets may be adapters that no engine has loaded.
        await until(async () => (await complete(modelName)) === 200, PATIENCE_MS);
      }
    },
    120_000,
  );

  it.each(named(roads))(
    'places the engines of the paved-road pool %s and is ready',
    async (name, manifest) => {
      const { namespace = 'default' } = manifest.object.metadata;
      const { replicas } = (
        manifest.object as unknown as { spec: { replicas: { prefill?: number; decode: number } } }
      ).spec;
      const wanted = (replicas.prefill ?? 0) + replicas.decode;
      // Nodes without machines: the engines of a large model would not fit this one.
      for (let i = 0; i < wanted; i++) await cluster.create(nodeKind, virtualNode(`${name}-${i}`));
      await cluster.apply(manifest.kind, manifest.object, { force: true });
      let pods: Pod[] = [];
      await until(async () => {
        pods = await podsOf(namespace, `${GROVE_LABELS.partOf}=${name}`);
        return pods.length === wanted && pods.every(({ spec }) => spec?.nodeName !== undefined);
      }, PATIENCE_MS);
      const ofRole = (role: string) =>
        pods.filter(({ metadata }) => metadata.labels?.[ROLE_LABEL] === role).length;
      expect([ofRole('prefill'), ofRole('decode')]).toEqual([replicas.prefill ?? 0, replicas.decode]);
      await until(async () => (await untilCondition(manifest, 'Ready'))?.status === 'True', PATIENCE_MS);
      expect(await untilCondition(manifest, 'penstock.dev/NotActedUpon')).toMatchObject({
        status: 'True',
        message: expect.stringContaining('spec.kvCache.tier'),
      });
      expect(await cluster.get(inferencePoolKind as ResourceKind, namespace, name)).toBeDefined();
    },
    240_000,
  );

  it('takes everything that was made of the sources along with them', async () => {
    for (const { kind, object } of [...graphs, ...roads]) {
      await cluster.delete(kind, object.metadata.namespace, object.metadata.name);
    }
    for (const { object } of [...graphs, ...roads]) {
      const { namespace = 'default', name } = object.metadata;
      await until(
        async () => (await podsOf(namespace, `${GROVE_LABELS.partOf}=${name}`)).length === 0,
        PATIENCE_MS,
      );
      expect(await cluster.get(inferencePoolKind as ResourceKind, namespace, name)).toBeUndefined();
    }
  }, 180_000);
});

async function modelOf(namespace: string, name: string): Promise<string> {
  const model = (await cluster.get(
    inferenceModelKind as ResourceKind,
    namespace,
    name,
  )) as unknown as InferenceModel;
  return model.spec.modelName;
}

const nodeKind: ResourceKind = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

function virtualNode(name: string): ClusterObject {
  const labels = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' };
  const capacity = { cpu: '192', memory: '2Ti', pods: '110', 'nvidia.com/gpu': '8' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    status: { capacity, allocatable: capacity },
  } as ClusterObject;
}
