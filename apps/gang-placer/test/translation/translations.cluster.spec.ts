import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  type Condition,
  CUSTOM_RESOURCES,
  customResourceDefinition,
  dynamoGraphDeploymentKind,
  inferenceModelKind,
  inferencePoolKind,
  namespaceKind,
  type PodCliqueSet,
  pavedRoadInferencePoolKind,
  podCliqueKind,
  podCliqueSetKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import { ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { installDefinitions, startTestCluster, type TestCluster, until } from '@penstock/testing';
import { pino } from 'pino';
import { Translations } from '../../src/translation/translations.js';
import { disaggregated, graph, worker } from './graph-builder.js';

const NAMESPACE = 'ns';
const PATIENCE_MS = 60_000;
const any = (kind: object) => kind as ResourceKind;
const graphs = any(dynamoGraphDeploymentKind);
const roads = any(pavedRoadInferencePoolKind);
const sets = any(podCliqueSetKind);
const pools = any(inferencePoolKind);
const eventKind: ResourceKind<ClusterObject & { reason?: string; type?: string }> = {
  ...{ group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true },
};
type Stored = ClusterObject & { status?: { conditions?: Condition[] } };

let api: TestCluster;
let cluster: KubernetesCluster;
let own: KubernetesCluster;
let translations: Translations;

beforeAll(async () => {
  api = await startTestCluster();
  cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
  own = new KubernetesCluster({ service: 'gang-placer', kubeconfig: api.kubeconfigPath });
  await installDefinitions(cluster, CUSTOM_RESOURCES.map(customResourceDefinition));
  await cluster.create(any(namespaceKind), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  translations = new Translations({
    cluster: own,
    clock: { nowMs: () => Date.now() },
    logger: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    settings: { keepFrontend: false, engineImage: 'vllm:1' },
  });
  translations.lead({ transitions: 1, isHeld: () => true });
}, 240_000);
afterAll(async () => {
  await translations?.yield();
  await translations?.close();
  await own?.close();
  await cluster?.close();
  await api?.stop();
}, 60_000);

const named = (name: string, services: object = disaggregated) => ({
  ...graph(services),
  metadata: { namespace: NAMESPACE, name },
});
const road = (name: string, spec: object = {}) => ({
  apiVersion: 'inference.llm-d.io/v1alpha1',
  kind: 'InferencePool',
  metadata: { namespace: NAMESPACE, name },
  spec: { model: 'a/b-8B', replicas: { prefill: 1, decode: 2 }, ...spec },
});
const untilCondition = async (kind: ResourceKind, name: string, type: string, reason: string) => {
  let found: Condition | undefined;
  await until(async () => {
    const object = (await cluster.get(kind, NAMESPACE, name)) as Stored | undefined;
    found = object?.status?.conditions?.find((condition) => condition.type === type);
    return found?.reason === reason;
  }, PATIENCE_MS);
  return found;
};

describe('Translations on an API server', () => {
  it('fills in what a graph becomes, says so, and follows a change without touching what others write', async () => {
    await cluster.create(graphs, named('chat') as ClusterObject);
    await untilCondition(graphs, 'chat', 'Translated', 'Applied');
    const before = (await cluster.get(sets, NAMESPACE, 'chat')) as unknown as PodCliqueSet;
    expect(before.metadata.generation).toBe(1);
    // Somebody else scales the set, and a controller writes its status.
    await cluster.mergePatch(sets, NAMESPACE, 'chat', { metadata: { labels: { theirs: 'yes' } } });
    const clique = {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'PodClique',
      metadata: { namespace: NAMESPACE, name: 'chat-0-decode' },
    };
    const { roleName, podSpec } =
      before.spec.template.cliques.find(({ name }) => name === 'decode')?.spec ?? {};
    await cluster.create(any(podCliqueKind), {
      ...clique,
      spec: { roleName, podSpec, replicas: 5 },
    } as ClusterObject);

    await cluster.mergePatch(graphs, NAMESPACE, 'chat', { spec: { services: { Decode: { replicas: 3 } } } });
    await until(
      async () => (await cluster.readScale(any(podCliqueKind), NAMESPACE, 'chat-0-decode'))?.replicas === 3,
      PATIENCE_MS,
    );
    await until(async () => {
      const after = (await cluster.get(sets, NAMESPACE, 'chat')) as unknown as PodCliqueSet;
      return after.spec.template.cliques.find(({ name }) => name === 'decode')?.spec.replicas === 3;
    }, PATIENCE_MS);
    expect((await cluster.get(sets, NAMESPACE, 'chat'))?.metadata.labels).toMatchObject({ theirs: 'yes' });
  }, 180_000);

  it('takes away a field of the set that the graph no longer has', async () => {
    const env = [{ name: 'A', value: '1' }];
    await cluster.create(graphs, named('less', { W: { ...worker([]), envs: env } }) as ClusterObject);
    await untilCondition(graphs, 'less', 'Translated', 'Applied');
    expect(JSON.stringify(await cluster.get(sets, NAMESPACE, 'less'))).toContain('"name":"A"');
    await cluster.mergePatch(graphs, NAMESPACE, 'less', { spec: { services: { W: { envs: null } } } });
    await until(
      async () =>
        !JSON.stringify((await cluster.get(sets, NAMESPACE, 'less'))?.['spec' as never]).includes(
          '"name":"A"',
        ),
      PATIENCE_MS,
    );
  }, 120_000);

  it('leaves an object of the name alone that somebody else made, and tells', async () => {
    const foreign = {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: NAMESPACE, name: 'taken' },
      spec: { selector: { matchLabels: { app: 'mine' } }, targetPorts: [{ number: 1 }] },
    };
    const before = await cluster.create(pools, foreign);
    await cluster.create(roads, road('taken'));
    const condition = await untilCondition(roads, 'taken', 'Translated', 'NameTaken');
    expect(condition?.message).toContain('InferencePool ns/taken exists');
    expect(await cluster.get(pools, NAMESPACE, 'taken')).toEqual(before);
    expect(await cluster.get(sets, NAMESPACE, 'taken')).toBeUndefined();
    await until(async () => {
      const events = await cluster.list(eventKind, { namespace: NAMESPACE });
      return events.some(({ reason, type }) => reason === 'NameTaken' && type === 'Warning');
    }, PATIENCE_MS);
  }, 120_000);

  it('says what the API refuses: the cliques of a set are fixed', async () => {
    await cluster.create(roads, road('fixed'));
    await untilCondition(roads, 'fixed', 'Translated', 'Applied');
    await cluster.mergePatch(roads, NAMESPACE, 'fixed', { spec: { replicas: { prefill: null } } });
    const condition = await untilCondition(roads, 'fixed', 'Translated', 'Rejected');
    expect(condition?.message).toMatch(
      /cliques cannot be added, removed or renamed.*deleted and created again/s,
    );
    const set = (await cluster.get(sets, NAMESPACE, 'fixed')) as unknown as PodCliqueSet;
    expect(set.spec.template.cliques.map(({ name }) => name)).toEqual(['decode', 'prefill']);
  }, 120_000);

  it('refuses at once what the schema can tell', async () => {
    const wrong = [
      cluster.create(roads, road('wrong', { replicas: { prefill: 1, decode: 0 } })),
      cluster.create(roads, road('wrong', { replicas: { decode: -1 } })),
      cluster.create(roads, road('wrong', { model: '' })),
      cluster.create(graphs, named('wrong', { W: { replicas: -1 } }) as ClusterObject),
    ];
    // All at once: one that is refused before it is looked at would count as an unhandled rejection.
    for (const attempt of await Promise.allSettled(wrong)) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: expect.any(ClusterError) });
    }
  }, 60_000);

  it('takes everything along when the source is deleted', async () => {
    await cluster.create(roads, road('gone'));
    await untilCondition(roads, 'gone', 'Translated', 'Applied');
    await cluster.delete(roads, NAMESPACE, 'gone');
    const made: Array<[ResourceKind, string]> = [
      [sets, 'gone'],
      [pools, 'gone'],
      [any(inferenceModelKind), 'gone'],
      [any(variantAutoscalingKind), 'gone-decode'],
    ];
    for (const [kind, name] of made) {
      await until(async () => (await cluster.get(kind, NAMESPACE, name)) === undefined, PATIENCE_MS);
    }
  }, 120_000);
});
