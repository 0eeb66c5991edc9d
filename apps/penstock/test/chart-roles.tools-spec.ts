import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  deploymentKind,
  type EventData,
  gangPlacementKind,
  inferenceModelKind,
  inferencePoolKind,
  pavedRoadInferencePoolKind,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { NatsEventBus } from '@penstock/messaging';
import type { RunningService } from '@penstock/platform';
import {
  type ManagedServer,
  startNats,
  startRedis,
  startTestCluster,
  type TestCluster,
  until,
} from '@penstock/testing';
import { type ChartCopies, copyChart } from '../../../libs/testing/test/chart/chart-copies.js';
import { Helm } from '../../../libs/testing/test/chart/helm.js';
import { Kubectl } from '../../../libs/testing/test/chart/kubectl.js';
import type { RenderedObject } from '../../../libs/testing/test/chart/rendered-object.js';
import { type AuditedRequest, readAuditLog } from './chart/audit-log.js';
import { grantedRights } from './chart/roles.js';
import { ServicesOfRelease } from './chart/services-of-release.js';

const NAMESPACE = 'penstock';
const OUTPUT_KINDS = [
  podCliqueSetKind,
  inferencePoolKind,
  inferenceModelKind,
  variantAutoscalingKind,
] as ResourceKind[];
/**
 * Rights that are needed only now and then: an Event that repeats, a pod that is read again as an answer was lost, a Lease
 * given up by a replica that stops.
 */
const RARE = [
  'autoscaler: patch /events',
  'gang-placer: get /pods',
  'kv-index: delete coordination.k8s.io/leases',
];
const PATIENCE_MS = 60_000;
/** A container that started and then failed its probe. */
const NOT_READY = JSON.stringify({
  status: {
    conditions: ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False' })),
    containerStatuses: [
      { name: 'engine', image: 'none:1', imageID: '', ready: false, started: true, restartCount: 1 },
    ],
  },
});
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let copies: ChartCopies;
let api: TestCluster;
let nats: ManagedServer;
let redis: ManagedServer;
let helm: Helm;
let kubectl: Kubectl;
let admin: KubernetesCluster;
let objects: RenderedObject[];
let services: ServicesOfRelease;
let bus: NatsEventBus;

beforeAll(async () => {
  [copies, api, nats, redis] = await Promise.all([
    copyChart(),
    startTestCluster(),
    startNats(),
    startRedis(),
  ]);
  helm = new Helm(api.kubeconfigPath);
  kubectl = new Kubectl(api);
  admin = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
  bus = NatsEventBus.connect({ servers: [nats.url], source: 'scheduler/test' });
  await kubectl.ok('apply', '--server-side', '-f', file('../../../deploy/crds'));
}, 180_000);
afterAll(async () => {
  await services?.stop();
  await Promise.all([admin?.close(), bus?.close()]);
  helm?.dispose();
  kubectl?.dispose();
  copies?.remove();
  await Promise.all([api?.stop(), nats?.stop(), redis?.stop()]);
}, 60_000);

const eventually = (condition: () => boolean | Promise<boolean>) => until(condition, PATIENCE_MS);
const stored = (kind: ResourceKind, name: string) =>
  admin.get(kind, NAMESPACE, name) as Promise<(ClusterObject & { spec?: { replicas?: number } }) | undefined>;
const replicasAre = (kind: ResourceKind, name: string, count: number) =>
  eventually(async () => (await admin.readScale(kind, NAMESPACE, name))?.replicas === count);
const podsOf = (labelSelector: string) => admin.list(podKind, { namespace: NAMESPACE, labelSelector });
const asked = () => readAuditLog(api.auditLogPath, 'penstock');

const release = (decodeReplicas: number, prefillReplicas: number) => ({
  chart: copies.alone,
  values: {
    nats: { enabled: false },
    valkey: { enabled: false },
    externalNats: { url: nats.url },
    externalRedis: { url: redis.url },
    crds: { enabled: false },
    kvCache: { tiering: { enabled: true } },
    model: { name: 'Qwen/Qwen3-0.6B' },
    decodeReplicas,
    prefillReplicas,
  },
});

/** A pool, and a variant of it that sleeps until it is asked for, named after the label of its pods. */
const poolAndVariant = (name: string, target: object, spec: object = {}) => [
  {
    apiVersion: 'inference.networking.k8s.io/v1',
    kind: 'InferencePool',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      targetPorts: [{ number: 8000 }],
      endpointPickerRef: { name: 'x', port: { number: 9002 } },
    },
  },
  {
    apiVersion: 'llmd.ai/v1alpha1',
    kind: 'VariantAutoscaling',
    metadata: { name },
    spec: { scaleTargetRef: target, modelID: name, minReplicas: 0, maxReplicas: 2, ...spec },
  },
];
const grove = (kind: string, name: string) => ({ apiVersion: 'grove.io/v1alpha1', kind, name });
const apply = async (...list: object[]) =>
  void (await kubectl.ok('apply', '-n', NAMESPACE, '-f', kubectl.file(list)));

/** What a scheduler would say of the plain engines. */
async function report(load: object): Promise<void> {
  const engines = (await podsOf('app=plain')).map(({ metadata }) => ({
    ...{ engine: `${NAMESPACE}/${metadata.name}`, role: 'both', ready: true, waiting: 0, running: 1 },
    ...{ kvUsage: 0.4, kvCapacityTokens: 10_000, metricsAgeMs: 50 },
    ...load,
  }));
  const data = {
    ...{ model: 'plain', class: 'standard', role: 'both', intervalMs: 100, requests: 1, promptTokens: 100 },
    ...{
      uncachedTokens: 100,
      outputTokens: 20,
      inFlight: 0,
      held: 0,
      heldTokens: 0,
      scheduler: 's0',
      engines,
    },
  } as EventData<'demand.reported'>;
  bus.publish({ type: 'demand.reported', namespace: NAMESPACE, pool: 'plain', data });
}

/** Reports until something is so. */
async function reportUntil(load: object, condition: () => Promise<boolean>): Promise<void> {
  await eventually(async () => {
    await report(load);
    return condition();
  });
}

/** Objects as an earlier translation of the release's pool would have left them. */
async function leaveOutputs(): Promise<void> {
  const source = await stored(pavedRoadInferencePoolKind as ResourceKind, 'penstock-engines');
  const { uid = '' } = source?.metadata ?? {};
  const owner = {
    apiVersion: 'inference.llm-d.io/v1alpha1',
    kind: 'InferencePool',
    name: 'penstock-engines',
    uid,
  };
  const clique = {
    name: 'a',
    spec: { roleName: 'a', replicas: 1, podSpec: { containers: [{ name: 'a', image: 'a' }] } },
  };
  const [pool, variant] = poolAndVariant('earlier', grove('PodClique', 'absent'));
  const specs = [
    {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'PodCliqueSet',
      spec: { replicas: 0, template: { cliques: [clique] } },
    },
    {
      apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
      kind: 'InferenceModel',
      spec: { modelName: 'earlier', poolRef: { name: 'old' } },
    },
    ...[pool, variant],
  ];
  const metadata = {
    name: 'earlier',
    labels: { 'penstock.dev/translated-from': 'paved-road.penstock-engines' },
    ownerReferences: [{ ...owner, controller: true }],
  };
  await apply(...specs.map((each) => ({ ...each, metadata })));
}

describe('the roles of the chart', () => {
  let scheduler: RunningService;

  it('are those of a release that Helm installs', async () => {
    objects = await helm.template(release(2, 1));
    await helm.ok(helm.arguments('install', { ...release(2, 1), flags: ['--create-namespace'] }));
    services = new ServicesOfRelease(objects, api, kubectl);
    expect([...grantedRights(objects).keys()].sort()).toEqual([
      'autoscaler',
      'gang-placer',
      'kv-index',
      'kv-offload',
      'scheduler',
    ]);
    for (const name of ['node-1', 'node-2']) await api.addNode({ name, gpus: 8, labels: { rack: name } });
  }, 60_000);

  it('let the gang-placer translate, place and scale', async () => {
    await services.start('gang-placer', ['--retry-ms=500', '--lease-duration-ms=3000']);
    await services.start('kv-index');
    await services.start('kv-offload', ['--lease-duration-ms=3000']);
    await kubectl.ok('apply', '-n', NAMESPACE, '-f', file('./chart/work.yaml'));
    await eventually(
      async () => (await stored(inferencePoolKind as ResourceKind, 'penstock-engines')) !== undefined,
    );
    await eventually(
      async () =>
        (await podsOf('app.kubernetes.io/part-of=set')).filter(({ status }) => status?.phase === 'Running')
          .length === 3,
    );
    await eventually(async () => (await podsOf('app.kubernetes.io/part-of=graph')).length > 0);
    await admin.writeScale(podCliqueKind as ResourceKind, NAMESPACE, 'set-0-prefill', 3);
    await eventually(async () => (await podsOf('grove.io/podclique=set-0-prefill')).length === 3);
    await admin.writeScale(podCliqueKind as ResourceKind, NAMESPACE, 'set-0-prefill', 0);
    await admin.writeScale(podCliqueScalingGroupKind as ResourceKind, NAMESPACE, 'set-0-decode', 0);
    const brief = () => admin.get(podKind, NAMESPACE, 'brief-0-engine-0');
    await eventually(async () => (await brief())?.status?.phase === 'Running');
    await kubectl.ok(
      'patch',
      'pod',
      'brief-0-engine-0',
      '-n',
      NAMESPACE,
      '--subresource=status',
      '-p',
      NOT_READY,
    );
    const terminated = async () =>
      (await stored(podCliqueKind as ResourceKind, 'brief-0-engine'))?.metadata.annotations?.[
        'penstock.dev/terminate-before'
      ];
    await eventually(async () => (await terminated()) !== undefined);
  }, 180_000);

  it('let the autoscaler add engines, drain them and take them away', async () => {
    await apply(...poolAndVariant('plain', { apiVersion: 'apps/v1', kind: 'Deployment', name: 'plain' }));
    const quick = [
      '--interval-ms=100',
      '--down-window-ms=1000',
      '--engine-drain-quiet-ms=300',
      '--lease-duration-ms=3000',
    ];
    await services.start('autoscaler', quick);
    const plain = deploymentKind as ResourceKind;
    const replicas = async () => (await stored(plain, 'plain'))?.spec?.replicas;
    await reportUntil({ kvUsage: 1, waiting: 20 }, async () => (await replicas()) === 2);
    await reportUntil({ kvUsage: 0, running: 0 }, async () => (await replicas()) === 1);
  }, 180_000);

  it('let the scheduler hold requests until sleeping engines of every kind wake', async () => {
    await apply(
      ...poolAndVariant('prefill', grove('PodClique', 'set-0-prefill')),
      ...poolAndVariant('decode', grove('PodCliqueScalingGroup', 'set-0-decode')),
      ...poolAndVariant('whole', grove('PodCliqueSet', 'whole')),
      ...['StatefulSet', 'ReplicaSet'].flatMap((kind) =>
        poolAndVariant(kind.toLowerCase(), { apiVersion: 'apps/v1', kind, name: 'absent' }),
      ),
      ...poolAndVariant('workers', {
        apiVersion: 'leaderworkerset.x-k8s.io/v1',
        kind: 'LeaderWorkerSet',
        name: 'absent',
      }),
    );
    scheduler = await services.start('scheduler', ['--status-interval-ms=100', '--scrape-interval-ms=200']);
    const url = `http://127.0.0.1:${scheduler.listeners.http}`;
    // Until it has read what the pods of sleeping targets will be like, it cannot say for which pool a model is.
    await eventually(async () => {
      const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
      return ['prefill', 'decode', 'whole'].every((model) => data.some(({ id }) => id === model));
    });
    const requests = new AbortController();
    const ask = (model: string) =>
      fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, prompt: 'a' }),
        signal: requests.signal,
      }).catch(() => undefined);
    const all = ['prefill', 'decode', 'whole'].map(ask);
    await replicasAre(podCliqueKind as ResourceKind, 'set-0-prefill', 1);
    await replicasAre(podCliqueScalingGroupKind as ResourceKind, 'set-0-decode', 1);
    await replicasAre(podCliqueSetKind as ResourceKind, 'whole', 1);
    requests.abort();
    await Promise.all(all);
  }, 180_000);

  it('let the gang-placer follow what changes and goes', async () => {
    const set = (path: string, value: unknown) => {
      const patch = JSON.stringify([{ op: 'add', path: `/spec/${path}`, value }]);
      return kubectl.ok('patch', 'podcliquesets', 'set', '-n', NAMESPACE, '--type=json', '-p', patch);
    };
    const podsOfSet = () => podsOf('app.kubernetes.io/part-of=set');
    await set('template/cliques/0/spec/podSpec/containers/0/image', 'none:2');
    await set('template/headlessServiceConfig', { publishNotReadyAddresses: false });
    await set('replicas', 2);
    await eventually(async () =>
      (await podsOfSet()).some(({ spec }) => spec?.containers[0]?.image === 'none:2'),
    );
    await eventually(async () =>
      (await podsOfSet()).some(({ metadata }) => metadata.name.startsWith('set-1-')),
    );
    await set('replicas', 1);
    await eventually(async () => (await stored(podGangKind as ResourceKind, 'set-1')) === undefined);

    await leaveOutputs();
    await helm.ok(helm.arguments('upgrade', { ...release(3, 1), flags: ['--force-conflicts'] }));
    await eventually(async () => (await podsOf('app.kubernetes.io/part-of=penstock-engines')).length === 4);
    for (const kind of OUTPUT_KINDS)
      await eventually(async () => (await stored(kind, 'earlier')) === undefined);
    await kubectl.ok('delete', 'podcliquesets', 'set', '-n', NAMESPACE, '--wait=false');
    await eventually(async () => (await stored(gangPlacementKind as ResourceKind, 'set-0')) === undefined);
  }, 240_000);

  it('forbid nothing that a service asked for', () => {
    const requests: AuditedRequest[] = asked();
    expect(requests.length).toBeGreaterThan(200);
    const forbidden = requests.filter(({ isAllowed }) => !isAllowed);
    const lines = forbidden.map(({ component, right, uri }) => `${component}: ${right} (${uri})`);
    expect([...new Set(lines)]).toEqual([]);
  });

  it('grant nothing that no service asks for', () => {
    const used = new Set(asked().map(({ component, right }) => `${component}: ${right}`));
    const granted = [...grantedRights(objects)].flatMap(([component, rights]) =>
      [...rights].map((right) => `${component}: ${right}`),
    );
    expect(granted.length).toBeGreaterThan(100);
    for (const right of RARE) expect(granted).toContain(right);
    expect(granted.filter((right) => !used.has(right) && !RARE.includes(right))).toEqual([]);
  });

  it('forbid all else, and the log shows it', async () => {
    const token = (await kubectl.ok('create', 'token', 'penstock-scheduler', '-n', NAMESPACE)).trim();
    const { status, stderr } = await kubectl.run('get', 'secrets', '-n', NAMESPACE, '--token', token);
    expect([status, stderr]).toEqual([1, expect.stringContaining('cannot list resource "secrets"')]);
    const forbidden = asked().filter(({ isAllowed }) => !isAllowed);
    const isLogged = { component: 'scheduler', right: 'list /secrets' };
    expect(forbidden).toContainEqual(expect.objectContaining(isLogged));
  });

  it('name no secret, no shell and no wildcard', () => {
    const rights = [...grantedRights(objects).values()].flatMap((each) => [...each]);
    expect(
      rights.filter((right) =>
        /\*|secrets|pods\/(exec|attach|portforward)|escalate|impersonate|serviceaccounts/.test(right),
      ),
    ).toEqual([]);
  });
});
