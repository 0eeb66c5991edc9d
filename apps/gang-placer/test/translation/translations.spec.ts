import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type Condition,
  dynamoGraphDeploymentKind,
  inferenceModelKind,
  inferencePoolKind,
  pavedRoadInferencePoolKind,
  podCliqueKind,
  podCliqueSetKind,
  podGangKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import { ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { FakeClock, FakeCluster, until } from '@penstock/testing';
import { pino } from 'pino';
import { Translations } from '../../src/translation/translations.js';

const any = (kind: object) => kind as ResourceKind;
const graphs = any(dynamoGraphDeploymentKind);
const paved = any(pavedRoadInferencePoolKind);
const sets = any(podCliqueSetKind);
const pools = any(inferencePoolKind);
const models = any(inferenceModelKind);
const variants = any(variantAutoscalingKind);
const OUTPUTS = [sets, pools, models, variants];

type Stored = ClusterObject & {
  spec: Record<string, never>;
  status?: { conditions?: Condition[]; state?: string };
};

const worker = (args: string[], replicas = 1) => ({
  componentType: 'worker',
  replicas,
  resources: { limits: { gpu: '1' } },
  extraPodSpec: {
    mainContainer: {
      image: 'i:1',
      command: ['python3', '-m', 'dynamo.vllm'],
      args: ['--model', 'm', ...args],
    },
  },
});
const graph = (services: object) => ({
  apiVersion: 'nvidia.com/v1alpha1',
  kind: 'DynamoGraphDeployment',
  metadata: { namespace: 'ns', name: 'chat' },
  spec: { services },
});
const SERVICES = {
  Frontend: { componentType: 'frontend' },
  Decode: worker([], 2),
  Prefill: worker(['--is-prefill-worker']),
};
const road = (replicas: object) => ({
  apiVersion: 'inference.llm-d.io/v1alpha1',
  kind: 'InferencePool',
  metadata: { namespace: 'ns', name: 'road' },
  spec: { model: 'a/b-8B', replicas, hardware: { accelerator: 'nvidia-h100' }, kvCache: { tier: 'gpu-cpu' } },
});

let cluster: FakeCluster;
let translations: Translations;
let isHeld: boolean;
const failures: string[] = [];
const term = { transitions: 1, isHeld: () => isHeld };

beforeEach(() => {
  isHeld = true;
  failures.length = 0;
  cluster = new FakeCluster();
  translations = new Translations({
    cluster,
    clock: new FakeClock(1_000_000),
    logger: pino({ level: 'silent' }),
    settings: { keepFrontend: false, engineImage: 'vllm:1' },
    onFailure: (controller) => failures.push(controller),
  });
});
afterEach(async () => {
  await translations.yield();
  await translations.close();
});

const get = async (kind: ResourceKind, name: string) =>
  (await cluster.get(kind, 'ns', name)) as unknown as Stored | undefined;
const condition = (object: Stored | undefined, type: string) =>
  object?.status?.conditions?.find((found) => found.type === type);
const untilCondition = async (kind: ResourceKind, name: string, type: string, reason: string) => {
  await until(async () => condition(await get(kind, name), type)?.reason === reason);
  return condition(await get(kind, name), type);
};
const outputs = async () => {
  const found = await Promise.all(OUTPUTS.map((kind) => cluster.list(kind, {})));
  return found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
};

describe('Translations', () => {
  it('makes what a graph becomes, owned by it, and says so', async () => {
    const source = await cluster.create(graphs, graph(SERVICES));
    translations.lead(term);
    await untilCondition(graphs, 'chat', 'Translated', 'Applied');
    expect(await outputs()).toEqual(['PodCliqueSet chat', 'InferencePool chat', 'InferenceModel chat']);
    const set = await get(sets, 'chat');
    expect(set?.metadata).toMatchObject({
      labels: { 'penstock.dev/translated-from': 'dynamo-graph.chat' },
      ownerReferences: [
        { kind: 'DynamoGraphDeployment', name: 'chat', uid: source.metadata.uid, controller: true },
      ],
    });
    const after = await get(graphs, 'chat');
    expect(condition(after, 'Accepted')).toMatchObject({ status: 'True', observedGeneration: 1 });
    expect(condition(after, 'penstock.dev/NotActedUpon')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('spec.services.Frontend: the front door'),
    });
    expect(condition(after, 'Ready')).toMatchObject({ status: 'False', reason: 'WaitingForEngines' });
    expect(after?.status?.state).toBe('pending');
    expect(cluster.events).toEqual([]);
  });

  it('makes what a paved-road pool becomes, and deletes what it no longer becomes', async () => {
    translations.lead(term);
    await cluster.create(paved, road({ prefill: 1, decode: 2 }));
    await untilCondition(paved, 'road', 'Translated', 'Applied');
    expect(await outputs()).toEqual([
      'PodCliqueSet road',
      'InferencePool road',
      'InferenceModel road',
      'VariantAutoscaling road-decode',
      'VariantAutoscaling road-prefill',
    ]);
    await cluster.mergePatch(paved, 'ns', 'road', { spec: { replicas: { prefill: null } } });
    await until(async () => (await outputs()).length === 4);
    expect(await outputs()).not.toContain('VariantAutoscaling road-prefill');
  });

  it('is ready when the set is', async () => {
    translations.lead(term);
    await cluster.create(graphs, graph(SERVICES));
    await untilCondition(graphs, 'chat', 'Ready', 'WaitingForEngines');
    const waits = {
      type: 'Scheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/2 nodes',
      lastTransitionTime: '',
    };
    const labels = {
      'app.kubernetes.io/managed-by': 'penstock-gang-placer',
      'app.kubernetes.io/part-of': 'chat',
    };
    await cluster.create(any(podGangKind), {
      ...{
        apiVersion: 'scheduler.grove.io/v1alpha1',
        kind: 'PodGang',
        spec: {},
        status: { conditions: [waits] },
      },
      metadata: { namespace: 'ns', name: 'chat-0', labels },
    } as ClusterObject);
    await until(
      async () =>
        condition(await get(graphs, 'chat'), 'Ready')?.message.includes(
          'PodGang chat-0 waits for a place: 0/2 nodes',
        ) ?? false,
    );
    await cluster.mergePatch(
      sets,
      'ns',
      'chat',
      { status: { availableReplicas: 1 } },
      { subresource: 'status' },
    );
    expect(await untilCondition(graphs, 'chat', 'Ready', 'EnginesReady')).toMatchObject({ status: 'True' });
    expect((await get(graphs, 'chat'))?.status?.state).toBe('successful');
    const invalid = {
      type: 'Valid',
      status: 'False',
      reason: 'InvalidSpec',
      message: 'too long',
      lastTransitionTime: '',
    };
    await cluster.mergePatch(
      sets,
      'ns',
      'chat',
      { status: { conditions: [invalid] } },
      { subresource: 'status' },
    );
    expect(await untilCondition(graphs, 'chat', 'Ready', 'SetNotActedUpon')).toMatchObject({
      message: 'PodCliqueSet chat: too long',
    });
  });

  it('says what is wrong, once, makes nothing, and goes on when it is mended', async () => {
    translations.lead(term);
    await cluster.create(graphs, graph({ W: { ...worker([]), multinode: { nodeCount: 2 } } }));
    const accepted = await untilCondition(graphs, 'chat', 'Accepted', 'Invalid');
    expect(accepted?.message).toMatch(/^spec.services.W.multinode: .*Until this is mended/);
    await cluster.mergePatch(graphs, 'ns', 'chat', { metadata: { annotations: { touched: '1' } } });
    await until(async () => translationsAreIdle());
    expect(await outputs()).toEqual([]);
    expect(cluster.events.map(({ type, reason }) => [type, reason])).toEqual([['Warning', 'Invalid']]);
    expect((await get(graphs, 'chat'))?.status?.state).toBe('failed');

    await cluster.mergePatch(graphs, 'ns', 'chat', { spec: { services: { W: { multinode: null } } } });
    await untilCondition(graphs, 'chat', 'Translated', 'Applied');
    expect(condition(await get(graphs, 'chat'), 'Accepted')).toMatchObject({ status: 'True' });
  });

  it('never touches an object of the same name that somebody else made', async () => {
    const foreign = {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: 'ns', name: 'chat' },
      spec: { selector: { matchLabels: { app: 'mine' } }, targetPorts: [{ number: 1 }] },
    };
    const before = await cluster.create(pools, foreign);
    translations.lead(term);
    await cluster.create(graphs, graph(SERVICES));
    const translated = await untilCondition(graphs, 'chat', 'Translated', 'NameTaken');
    expect(translated?.message).toMatch(/^InferencePool ns\/chat exists .*: delete or rename it/);
    expect(await cluster.get(pools, 'ns', 'chat')).toEqual(before);
    expect(await outputs()).toEqual(['InferencePool chat']);
    expect(cluster.events.map(({ reason }) => reason)).toEqual(['NameTaken']);

    await cluster.delete(pools, 'ns', 'chat');
    await cluster.mergePatch(graphs, 'ns', 'chat', { metadata: { annotations: { again: '1' } } });
    await untilCondition(graphs, 'chat', 'Translated', 'Applied');
  });

  it('leaves a set alone that another operator made for the same graph', async () => {
    const source = await cluster.create(graphs, graph(SERVICES));
    const owner = {
      apiVersion: source.apiVersion,
      kind: source.kind,
      name: 'chat',
      uid: source.metadata.uid ?? '',
    };
    const theirs = {
      ...{ apiVersion: 'grove.io/v1alpha1', kind: 'PodCliqueSet', spec: { replicas: 1 } },
      metadata: { namespace: 'ns', name: 'chat', ownerReferences: [{ ...owner, controller: true }] },
    };
    const before = await cluster.create(sets, theirs);
    translations.lead(term);
    await untilCondition(graphs, 'chat', 'Translated', 'NameTaken');
    expect(await cluster.get(sets, 'ns', 'chat')).toEqual(before);
  });

  it('passes a changed number of replicas on to the clique, which belongs to whoever scales it', async () => {
    translations.lead(term);
    await cluster.create(graphs, graph(SERVICES));
    await untilCondition(graphs, 'chat', 'Translated', 'Applied');
    const clique = {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'PodClique',
      metadata: { namespace: 'ns', name: 'chat-0-decode' },
    };
    await cluster.create(any(podCliqueKind), { ...clique, spec: { replicas: 7 } } as ClusterObject);
    const replicas = async () =>
      (await cluster.readScale(any(podCliqueKind), 'ns', 'chat-0-decode'))?.replicas;

    await cluster.mergePatch(graphs, 'ns', 'chat', { spec: { envs: [{ name: 'A', value: '1' }] } });
    await until(async () => JSON.stringify(await get(sets, 'chat')).includes('"A"'));
    expect(await replicas()).toBe(7);

    await cluster.mergePatch(graphs, 'ns', 'chat', { spec: { services: { Decode: { replicas: 4 } } } });
    await until(async () => (await replicas()) === 4);
    // Prefill has no clique yet: nothing to scale, nothing fails.
    await cluster.mergePatch(graphs, 'ns', 'chat', { spec: { services: { Prefill: { replicas: 3 } } } });
    await until(async () => JSON.stringify(await get(sets, 'chat')).includes('"replicas":3'));
    expect(failures).toEqual([]);
  });

  it('makes again what somebody deletes, and writes nothing when nothing changed', async () => {
    translations.lead(term);
    await cluster.create(paved, road({ decode: 1 }));
    await untilCondition(paved, 'road', 'Translated', 'Applied');
    await until(translationsAreIdle);
    const before = await get(paved, 'road');
    await cluster.delete(models, 'ns', 'road');
    await until(async () => (await get(models, 'road')) !== undefined);
    await until(translationsAreIdle);
    expect((await get(paved, 'road'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  it('writes nothing before it leads and after it has stopped leading', async () => {
    await cluster.create(paved, road({ decode: 1 }));
    await until(() => translations.unsynced().length === 0);
    expect(await outputs()).toEqual([]);
    isHeld = false;
    translations.lead(term);
    await until(translationsAreIdle);
    expect(await outputs()).toEqual([]);
    await translations.yield();
    isHeld = true;
    translations.lead(term);
    await untilCondition(paved, 'road', 'Translated', 'Applied');
    await translations.yield();
    await cluster.mergePatch(paved, 'ns', 'road', { spec: { replicas: { decode: 5 } } });
    await until(translationsAreIdle);
    expect(JSON.stringify(await get(sets, 'road'))).toContain('"replicas":1');
  });

  it.each([
    ['invalid', 'Rejected', /refused an object.*immutable/],
    ['not-found', 'KindMissing', /does not serve a kind.*Install the definitions/],
  ] as const)(
    'says that an object was %s, and tries again what is only away',
    async (reason, expected, message) => {
      const apply = jest.spyOn(cluster, 'apply');
      apply.mockRejectedValueOnce(new ClusterError('unavailable', 'away', 503));
      apply.mockRejectedValueOnce(new ClusterError(reason, 'field is immutable', 422));
      translations.lead(term);
      await cluster.create(paved, road({ decode: 1 }));
      const translated = await untilCondition(paved, 'road', 'Translated', expected);
      expect(translated?.message).toMatch(message);
      expect(cluster.events.map((event) => event.reason)).toEqual([expected]);
      expect(failures).toEqual(['translation paved-road']);
    },
  );

  it('ignores a source that is being deleted', async () => {
    await cluster.create(paved, {
      ...road({ decode: 1 }),
      metadata: { ...road({}).metadata, finalizers: ['x/y'] },
    } as ClusterObject);
    await cluster.delete(paved, 'ns', 'road');
    translations.lead(term);
    await until(translationsAreIdle);
    expect(await outputs()).toEqual([]);
  });
});

/** Long enough for every queue to have run. */
async function translationsAreIdle(): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  return true;
}
