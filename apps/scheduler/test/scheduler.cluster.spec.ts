import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { KubernetesCluster } from '@penstock/cluster';
import {
  DRAINING_ANNOTATION,
  inferenceModelKind,
  inferencePoolKind,
  inferencePoolV1Alpha2Kind,
  namespaceKind,
  type Pod,
  podKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { loadConfig, type RunningService, runService } from '@penstock/platform';
import {
  FakeEventBus,
  installDefinitions,
  startTestCluster,
  type TestCluster,
  until,
} from '@penstock/testing';
import { httpOptions } from '../src/api/openai/http-options.js';
import { AppModule, controllers, providers } from '../src/app.module.js';
import type { Condition } from '../src/application/status/merge-conditions.js';
import { EVENT_BUS } from '../src/application/tokens.js';
import { config } from '../src/config.js';
import { DEFINITIONS } from './definitions.js';
import { type FakeEngine, startFakeEngine } from './fake-engine.js';

const NAMESPACE = 'llm-d';
const PATIENCE_MS = 60_000;
const MODEL = 'meta-llama/Llama-3.1-70B-Instruct';
const deploymentKind: ResourceKind<ClusterObject> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
/** A worker as people write them: no port, no probe, no label of ours. */
const deployment = (role: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `worker-${role}`, namespace: NAMESPACE },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'worker', 'llm-d.ai/role': role } },
    template: {
      metadata: { labels: { app: 'worker', 'llm-d.ai/role': role } },
      spec: { containers: [{ name: 'vllm', image: 'vllm/vllm-openai:v0.18.0', args: ['--dtype=fp8'] }] },
    },
  },
});

describe('the scheduler on a cluster', () => {
  let api: TestCluster;
  let cluster: KubernetesCluster;
  let engine: FakeEngine;
  let service: RunningService;
  let url: string;

  beforeAll(async () => {
    api = await startTestCluster();
    cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    await installDefinitions(cluster, DEFINITIONS);
    await cluster.create(namespaceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
    engine = await startFakeEngine('127.43.0.1');
    engine.models = [{ id: MODEL }];
    const real = providers.filter((p) => p.provide !== EVENT_BUS);
    @Module({ controllers, providers: [...real, { provide: EVENT_BUS, useValue: new FakeEventBus() }] })
    class TestModule extends AppModule {}
    const argv = [
      '--log-level=silent',
      '--http-port=0',
      '--grpc-port=0',
      '--metrics-port=0',
      '--instance=scheduler-c',
      '--scrape-interval-ms=50',
      '--status-interval-ms=100',
      `--namespace=${NAMESPACE}`,
      `--kubeconfig=${api.kubeconfigPath}`,
    ];
    service = await runService(
      { config, module: TestModule, http: httpOptions, grpc: { services: ['scheduler'], reusePort: true } },
      loadConfig(config, argv, {}),
    );
    url = `http://127.0.0.1:${service.listeners.http}`;
  }, 180_000);
  afterAll(async () => {
    await service?.stop();
    await cluster?.close();
    await api?.stop();
    await engine?.stop();
  }, 60_000);

  const eventually = (condition: () => Promise<boolean>) => until(condition, PATIENCE_MS);
  const metrics = async () => (await fetch(`http://127.0.0.1:${service.listeners.metrics}/metrics`)).text();
  const complete = async (model = MODEL) => {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: [1, 2, 3], stream: true }),
    });
    await response.text();
    return { status: response.status, endpoint: response.headers.get('x-penstock-endpoint') };
  };
  const pods = (role: string): Promise<Pod[]> =>
    cluster.list(podKind, { namespace: NAMESPACE, labelSelector: `app=worker,llm-d.ai/role=${role}` });
  /** What a kubelet would write. */
  const run = async (pod: Pod, ip: string) => {
    const status = {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await cluster.mergePatch(podKind, NAMESPACE, pod.metadata.name, { status }, { subresource: 'status' });
  };
  const conditionsOf = async (kind: ResourceKind<never>, name: string): Promise<Record<string, string>> => {
    const object = (await cluster.get(kind, NAMESPACE, name)) as unknown as {
      status?: { conditions?: Condition[]; parents?: Parent[]; parent?: Parent[] };
    };
    const { conditions, parents, parent } = object?.status ?? {};
    const all = conditions ?? (parents ?? parent)?.flatMap((each) => each.conditions) ?? [];
    return Object.fromEntries(all.map((c) => [c.type, `${c.status} ${c.reason}`]));
  };
  interface Parent {
    readonly conditions: Condition[];
  }

  it('holds requests for a pool of plain Deployments until a decode pod is ready, and says what it makes of it', async () => {
    await cluster.create(inferencePoolV1Alpha2Kind, {
      apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
      kind: 'InferencePool',
      metadata: { name: 'decode-pool', namespace: NAMESPACE },
      spec: {
        targetPortNumber: engine.port,
        selector: { matchLabels: { app: 'worker', 'llm-d.ai/role': 'decode' } },
      },
    });
    for (const [name, extra] of [
      ['first', { criticality: 'Standard' as const, targetModels: [{ name: MODEL, weight: 100 }] }],
      ['second', {}],
    ] as const) {
      await cluster.create(inferenceModelKind, {
        apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
        kind: 'InferenceModel',
        metadata: { name, namespace: NAMESPACE },
        spec: { modelName: MODEL, poolRef: { name: 'decode-pool' }, ...extra } as never,
      });
      // The API tells ages in full seconds.
      if (name === 'first') await new Promise((resolve) => setTimeout(resolve, 1100));
    }
    await eventually(async () =>
      (await fetch(`${url}/v1/models`)).text().then((text) => text.includes(MODEL)),
    );
    await eventually(async () => (await metrics()).includes('pool="llm-d/decode-pool"'));
    const asked = complete();
    await eventually(async () => (await metrics()).includes('waiting_requests{pool="llm-d/decode-pool"} 1'));
    for (const role of ['prefill', 'decode']) await cluster.create(deploymentKind, deployment(role) as never);
    await eventually(async () => (await pods('decode')).length === 1 && (await pods('prefill')).length === 1);
    const [prefill] = await pods('prefill');
    const [decode] = await pods('decode');
    if (!prefill || !decode) throw new Error('a pod of each role');
    await run(prefill, '127.43.0.2');
    await run(decode, '127.43.0.1');
    expect(await asked).toEqual({ status: 200, endpoint: `127.43.0.1:${engine.port}` });

    await eventually(
      async () =>
        (await conditionsOf(inferencePoolV1Alpha2Kind as never, 'decode-pool'))[
          'penstock.dev/PrefixesExact'
        ] === 'False NoKvEvents',
    );
    expect(await conditionsOf(inferencePoolV1Alpha2Kind as never, 'decode-pool')).toMatchObject({
      Accepted: 'True Accepted',
      'penstock.dev/EnginesReady': 'True EnginesReady',
      'penstock.dev/RolesActedUpon': 'False NotYetActedUpon',
    });
    await eventually(
      async () =>
        (await conditionsOf(inferenceModelKind as never, 'second'))['Accepted'] === 'False NameInUse',
    );
    await eventually(
      async () =>
        (await conditionsOf(inferenceModelKind as never, 'first'))['penstock.dev/TargetsServed'] ===
        'True TargetsServed',
    );
    expect(await conditionsOf(inferenceModelKind as never, 'first')).toMatchObject({
      Accepted: 'True Accepted',
      ResolvedRefs: 'True ResolvedRefs',
      'penstock.dev/CriticalityEnforced': 'False NotYetEnforced',
    });
  }, 120_000);

  it('lets requests wait while the only engine drains, and goes on when the drain is called off', async () => {
    const [decode] = await pods('decode');
    if (!decode) throw new Error('a decode pod');
    const annotate = (value: string | null) =>
      cluster.mergePatch(podKind, NAMESPACE, decode.metadata.name, {
        metadata: { annotations: { [DRAINING_ANNOTATION]: value } },
      });
    await annotate('2026-12-01T00:00:00Z');
    await eventually(async () =>
      (await metrics()).includes('endpoints{pool="llm-d/decode-pool",state="ready"} 0'),
    );
    const asked = complete();
    await eventually(async () => (await metrics()).includes('waiting_requests{pool="llm-d/decode-pool"} 1'));
    await annotate(null);
    expect((await asked).status).toBe(200);
  }, 120_000);

  it('holds requests for a model that only a VariantAutoscaling names', async () => {
    await cluster.create(inferencePoolKind, {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { name: 'asleep', namespace: NAMESPACE },
      spec: { selector: { matchLabels: { app: 'asleep' } }, targetPorts: [{ number: engine.port }] },
    });
    const sleeper = deployment('both');
    const labels = { app: 'asleep' };
    await cluster.create(deploymentKind, {
      ...sleeper,
      metadata: { name: 'asleep', namespace: NAMESPACE },
      spec: {
        ...sleeper.spec,
        replicas: 0,
        selector: { matchLabels: labels },
        template: { ...sleeper.spec.template, metadata: { labels } },
      },
    } as never);
    await cluster.create(variantAutoscalingKind, {
      apiVersion: 'llmd.ai/v1alpha1',
      kind: 'VariantAutoscaling',
      metadata: { name: 'v', namespace: NAMESPACE },
      spec: {
        modelID: 'sleeper',
        minReplicas: 0,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'asleep' },
      },
    });
    // Of two pools it is the one whose selector takes the pods that the Deployment would have.
    await eventually(async () =>
      (await fetch(`${url}/v1/models`)).text().then((text) => text.includes('sleeper')),
    );
    const second = await startFakeEngine('127.43.0.3', engine.port);
    second.models = [{ id: 'sleeper' }];
    try {
      const asked = complete('sleeper');
      await eventually(async () => (await metrics()).includes('waiting_requests{pool="llm-d/asleep"} 1'));
      await cluster.writeScale(deploymentKind, NAMESPACE, 'asleep', 1);
      const born = () => cluster.list(podKind, { namespace: NAMESPACE, labelSelector: 'app=asleep' });
      await eventually(async () => (await born()).length === 1);
      const [pod] = await born();
      if (pod) await run(pod, '127.43.0.3');
      expect(await asked).toEqual({ status: 200, endpoint: `127.43.0.3:${engine.port}` });
      await eventually(
        async () =>
          (await conditionsOf(inferencePoolKind as never, 'asleep'))['Accepted'] === 'True Accepted',
      );
    } finally {
      await second.stop();
    }
  }, 120_000);
});
