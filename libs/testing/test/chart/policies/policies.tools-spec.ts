import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChartCopies, copyChart } from '../chart-copies.js';
import { Helm } from '../helm.js';
import { PROFILES, releaseOf } from '../profiles.js';
import { idOf, type RenderedObject } from '../rendered-object.js';
import { NetworkEdges } from './network-edges.js';
import { isPinned, podProblems } from './pod-problems.js';
import { secretProblems } from './secret-problems.js';
import { wiringProblems } from './wiring-problems.js';
import { type Workload, workloadsOf } from './workload.js';

const RULES = {
  mayUseHostPaths: ['DaemonSet/penstock-kv-node'],
  unprobed: ['StatefulSet/penstock-nats', 'StatefulSet/penstock-valkey'],
};

let copies: ChartCopies;
let helm: Helm;
const rendered = new Map<string, RenderedObject[]>();
beforeAll(async () => {
  copies = await copyChart();
  helm = new Helm();
  for (const profile of PROFILES) rendered.set(profile, await helm.template(releaseOf(profile, copies)));
}, 90_000);
afterAll(() => {
  helm?.dispose();
  copies?.remove();
});
const objectsOf = (profile: string) => rendered.get(profile) ?? [];

/** Engines that the gang-placer makes of the release's pool: their label is of the pool, by which policies know them. */
const engines = (name: string): Workload => ({
  object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
  replicas: 1,
  selector: undefined,
  labels: { 'penstock.dev/pool': name },
  pod: {
    containers: [
      {
        name: 'engine',
        image: 'vllm/vllm-openai:v0.18.0',
        ports: [
          { name: 'http', containerPort: 8000 },
          { name: 'kv-events', containerPort: 5557 },
        ],
      },
    ],
  },
});

describe.each(PROFILES)('profile %s', (profile) => {
  it('has pods that Pod Security takes as restricted, with probes and pinned images', () => {
    const workloads = workloadsOf(objectsOf(profile));
    expect(workloads.length).toBeGreaterThan(4);
    expect(workloads.flatMap((workload) => podProblems(workload, RULES))).toEqual([]);
  });

  it('has names, selectors, Services and budgets that fit each other', () => {
    expect(wiringProblems(objectsOf(profile))).toEqual([]);
  });

  it('holds no secret', () => {
    expect(secretProblems(objectsOf(profile))).toEqual([]);
  });

  it('gives a token of the Kubernetes API to those only that have a role', () => {
    const objects = objectsOf(profile);
    const bound = objects
      .filter(({ kind }) => kind.endsWith('RoleBinding'))
      .flatMap(({ subjects }) => (subjects as { name: string }[]).map(({ name }) => name));
    const withToken = workloadsOf(objects)
      .filter(({ pod }) => pod.automountServiceAccountToken)
      .map(({ pod }) => pod.serviceAccountName);
    expect([...new Set(bound)].sort()).toEqual(withToken.sort());
    for (const { object, pod } of workloadsOf(objects).filter(
      ({ labels }) => labels['app.kubernetes.io/name'] === 'penstock',
    )) {
      expect([idOf(object), typeof pod.automountServiceAccountToken]).toEqual([idOf(object), 'boolean']);
    }
  });
});

describe('traffic between the pods', () => {
  const of = (profile: string) => {
    const objects = objectsOf(profile);
    const workloads = workloadsOf(objects);
    const hasEngines = objects.some((object) => idOf(object) === 'InferencePool/penstock-engines');
    return new NetworkEdges(objects, hasEngines ? [...workloads, engines('penstock-engines')] : workloads);
  };

  it('is what the services need, and no more', () => {
    expect(of('everything').allowed().sort()).toEqual(
      [
        'test → scheduler:http',
        ...['scheduler', 'kv-index', 'autoscaler', 'gang-placer', 'kv-offload'].map(
          (from) => `${from} → nats:nats`,
        ),
        ...['nats → nats:nats', 'nats → nats:cluster'],
        ...['kv-index → valkey:tcp', 'valkey → valkey:tcp'],
        'kv-offload → kv-node:grpc',
        ...['engine-sim', 'engines'].flatMap((engine) => [
          `scheduler → ${engine}:http`,
          `kv-index → ${engine}:http`,
          `kv-index → ${engine}:kv-events`,
        ]),
        'kv-index → engine-sim:kv-replay',
        ...['engines → engines:http', 'engines → engines:kv-events'],
      ].sort(),
    );
  });

  it('is less without what can be switched off', () => {
    expect(of('ha-external').allowed()).toEqual(['test → scheduler:http']);
  });

  it('has both ends of every edge', () => {
    for (const profile of ['ha', 'ha-external', 'everything', 'all-namespaces']) {
      expect([profile, of(profile).problems()]).toEqual([profile, []]);
    }
  });

  it('is not limited without policies', () => {
    expect(of('default').allowed().length).toBeGreaterThan(40);
  });
});

describe('the checks', () => {
  const change = (id: string, edit: (object: Record<string, never>) => void): RenderedObject[] =>
    objectsOf('everything').map((object) => {
      if (idOf(object) !== id) return object;
      const copy = structuredClone(object);
      edit(copy as unknown as Record<string, never>);
      return copy;
    });
  // biome-ignore lint/suspicious/noExplicitAny: any object of Kubernetes is edited here
  type Any = any;
  const scheduler = 'Deployment/penstock-scheduler';
  const podProblemsOf = (edit: (pod: Any, container: Any) => void) =>
    workloadsOf(
      change(scheduler, (object: Any) =>
        edit(object.spec.template.spec, object.spec.template.spec.containers[0]),
      ),
    )
      .flatMap((workload) => podProblems(workload, RULES))
      .map((problem) => problem.replace(`${scheduler}`, '…'));

  it.each<[string, (pod: Any, container: Any) => void]>([
    ['…: may run as root', (pod) => delete pod.securityContext.runAsNonRoot],
    ['…: seccomp is not RuntimeDefault', (pod) => delete pod.securityContext.seccompProfile],
    ['…: shares a namespace of the node', (pod) => Object.assign(pod, { hostNetwork: true })],
    ['…: volume x is hostPath', (pod) => pod.volumes.push({ name: 'x', hostPath: { path: '/' } })],
    [
      '…/scheduler: may gain privileges',
      (_, container) => delete container.securityContext.allowPrivilegeEscalation,
    ],
    [
      '…/scheduler: is privileged',
      (_, { securityContext }) => Object.assign(securityContext, { privileged: true }),
    ],
    [
      '…/scheduler: may write its root file system',
      (_, container) => delete container.securityContext.readOnlyRootFilesystem,
    ],
    ['…/scheduler: keeps capabilities', (_, container) => delete container.securityContext.capabilities],
    [
      '…/scheduler: runs as root',
      (_, { securityContext }) => Object.assign(securityContext, { runAsUser: 0 }),
    ],
    ['…/scheduler: has no readinessProbe', (_, container) => delete container.readinessProbe],
    [
      '…/scheduler: livenessProbe asks port x, which it has not',
      (_, container) => Object.assign(container.livenessProbe.httpGet, { port: 'x' }),
    ],
    ['…/scheduler: has no limit of memory', (_, container) => delete container.resources.limits],
    [
      '…/scheduler: image a:latest is not pinned',
      (_, container) => Object.assign(container, { image: 'a:latest' }),
    ],
  ])('find: %s', (problem, edit) => {
    expect(podProblemsOf(edit)).toEqual([problem]);
  });

  it.each<[string, string, (object: Any) => void]>([
    [
      'Service/penstock-kv-index: is about 0 workloads',
      'Service/penstock-kv-index',
      ({ spec }) => Object.assign(spec.selector, { x: 'y' }),
    ],
    [
      'Service/penstock-kv-index: the pods have no port for 9102',
      'Service/penstock-kv-index',
      ({ spec }) => Object.assign(spec.ports[0], { targetPort: 'x' }),
    ],
    [
      `${scheduler}: does not select its own pods`,
      scheduler,
      ({ spec }) => Object.assign(spec.selector.matchLabels, { x: 'y' }),
    ],
    [
      'PodDisruptionBudget/penstock-scheduler: the only pod could never be moved',
      scheduler,
      ({ spec }) => Object.assign(spec, { replicas: 1 }),
    ],
    [
      'ServiceMonitor/penstock-scheduler: no Service has its ports',
      'ServiceMonitor/penstock-scheduler',
      ({ spec }) => Object.assign(spec.endpoints[0], { port: 'x' }),
    ],
    [
      `${scheduler}: there is no account x`,
      scheduler,
      ({ spec }) => Object.assign(spec.template.spec, { serviceAccountName: 'x' }),
    ],
  ])('find: %s', (problem, id, edit) => {
    expect(wiringProblems(change(id, edit))).toEqual([problem]);
  });

  it('find secrets wherever they are', () => {
    const env = (name: string, value: string) =>
      change(scheduler, (object: Any) => object.spec.template.spec.containers[0].env.push({ name, value }));
    expect(secretProblems(env('X', 'redis://:pw@redis:6379'))).toEqual([`${scheduler}: holds a secret`]);
    expect(secretProblems(env('API_TOKEN', 'x'))).toEqual([`${scheduler}: API_TOKEN belongs into a Secret`]);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
    expect(secretProblems([secret])).toEqual(['Secret/a: is a Secret of the release']);
  });

  it('find an edge that one end does not know', () => {
    const workloads = workloadsOf(objectsOf('everything'));
    const without = (id: string, side: string) =>
      new NetworkEdges(
        change(id, ({ spec }: Any) => Object.assign(spec, { [side]: [] })),
        workloads,
      ).problems();
    const closed = without('NetworkPolicy/penstock-kv-node', 'ingress');
    expect(closed).toContain('NetworkPolicy/penstock-kv-offload: kv-offload → kv-node:grpc is not let in');
    const unused = /^NetworkPolicy\/penstock-kv-node: ingress .*"grpc".* lets nobody through$/;
    expect(without('NetworkPolicy/penstock-kv-offload', 'egress')).toContainEqual(
      expect.stringMatching(unused),
    );
    // The engines are not among these workloads.
    expect(closed).toContain('NetworkPolicy/penstock-engines: is about no pod');
  });

  it('know what is pinned', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const image of ['a:1', 'r:5000/a:1.2-x', `r/a@${digest}`, `a:1@${digest}`])
      expect([image, isPinned(image)]).toEqual([image, true]);
    for (const image of ['a', 'a:latest', 'r:5000/a', 'a@sha256:12'])
      expect([image, isPinned(image)]).toEqual([image, false]);
  });
});
