import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../src/fakes/index.js';
import { startTestCluster, type TestCluster } from '../../src/test-cluster/index.js';
import { type ChartCopies, copyChart } from './chart-copies.js';
import { foreignDefinitions } from './foreign-definitions.js';
import { Helm, type Release } from './helm.js';
import { Kubectl } from './kubectl.js';
import { PROFILES, releaseOf } from './profiles.js';
import type { RenderedObject } from './rendered-object.js';

const NAMESPACE = 'penstock';
const DEFINITIONS = fileURLToPath(new URL('../../../../deploy/crds', import.meta.url));
/** What a gateway of the cluster brings, and the README tells to apply where none did. */
const INFERENCE_EXTENSION = [
  'inferencepools.inference.networking.k8s.io',
  'inferencemodels.inference.networking.x-k8s.io',
];

let copies: ChartCopies;
let cluster: TestCluster;
let helm: Helm;
let kubectl: Kubectl;
beforeAll(async () => {
  [copies, cluster] = await Promise.all([copyChart(), startTestCluster()]);
  helm = new Helm(cluster.kubeconfigPath);
  kubectl = new Kubectl(cluster);
  for (const name of ['node-1', 'node-2', 'node-3']) {
    await cluster.addNode({ name, labels: { zone: 'one' } });
  }
  const files = [
    ...INFERENCE_EXTENSION.map((name) => join(DEFINITIONS, `${name}.yaml`)),
    ...(await foreignDefinitions()),
  ];
  await kubectl.ok('apply', '--server-side', ...files.flatMap((file) => ['-f', file]));
  await kubectl.ok('create', 'namespace', NAMESPACE);
  await kubectl.ok('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted');
}, 240_000);
afterAll(async () => {
  helm?.dispose();
  kubectl?.dispose();
  copies?.remove();
  await cluster?.stop();
}, 60_000);

const WAIT = ['--wait', '--timeout', '120s'];
const install = (command: 'install' | 'upgrade', release: Release) =>
  helm.ok(helm.arguments(command, { ...release, flags: [...WAIT, ...(release.flags ?? [])] }));
const uninstall = () => helm.ok(['uninstall', 'penstock', '--namespace', NAMESPACE, ...WAIT]);

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly metadata: { readonly annotations?: object } };
  };
  readonly status: { readonly readyReplicas?: number };
}
const readiness = async () =>
  Object.fromEntries(
    (await kubectl.list<Deployment>('deployments', NAMESPACE)).map(({ metadata, spec, status }) => [
      metadata.name.replace('penstock-', ''),
      `${status.readyReplicas ?? 0}/${spec.replicas}`,
    ]),
  );
const definitions = async () =>
  (await kubectl.list('customresourcedefinitions')).map(({ metadata }) => metadata.name);

/** Ends the pod of `helm test` as its kubelet would, once it runs: kwok lets pods run for ever. */
async function endTestPod(phase: 'Succeeded' | 'Failed'): Promise<void> {
  const pod = ['pod', 'penstock-test', '-n', NAMESPACE];
  await until(
    async () => (await kubectl.run('get', ...pod, '-o', 'jsonpath={.status.phase}')).stdout === 'Running',
    60_000,
  );
  const patch = JSON.stringify({ status: { phase } });
  await kubectl.ok('patch', ...pod, '--subresource=status', '--type=merge', '-p', patch);
}
const helmTest = () => helm.ok(['test', 'penstock', '--namespace', NAMESPACE, '--timeout', '60s']);

describe('helm on a kube-apiserver', () => {
  it('installs the chart, and waits until its pods are ready', async () => {
    const said = await install('install', releaseOf('dev', copies));
    expect(said).toContain('STATUS: deployed');
    expect(said).toContain('Penstock 0.1.0 is installed as penstock in penstock');
    expect(said).toMatch(/helm -n penstock test penstock/);
    expect(await readiness()).toEqual({
      autoscaler: '1/1',
      'engine-sim': '2/2',
      'gang-placer': '1/1',
      'kv-index': '1/1',
      scheduler: '1/1',
    });
    expect(await definitions()).toEqual(
      expect.arrayContaining([
        'podcliquesets.grove.io',
        'inferencepools.inference.llm-d.io',
        'gangplacements.penstock.dev',
      ]),
    );
  }, 150_000);

  it('gives the front door the pods of the scheduler', async () => {
    const slices = await kubectl.list<{ endpoints: object[]; ports: { port: number }[] }>(
      'endpointslices',
      NAMESPACE,
      'kubernetes.io/service-name=penstock-front-door',
    );
    expect(slices.map(({ endpoints, ports }) => [endpoints.length, ports[0]?.port])).toEqual([[1, 8080]]);
  });

  it('runs the test of the release, and tells how it ended', async () => {
    const [said] = await Promise.all([helmTest(), endTestPod('Succeeded')]);
    expect(said).toMatch(/Phase:\s+Succeeded/);
    const failing = helmTest().catch((error: Error) => error.message);
    // The pod of the first run goes first.
    await until(
      async () =>
        (await kubectl.run('get', 'pod', 'penstock-test', '-n', NAMESPACE, '-o', 'jsonpath={.status.phase}'))
          .stdout !== 'Succeeded',
      60_000,
    );
    await endTestPod('Failed');
    expect(await failing).toMatch(/penstock-test failed/);
  }, 150_000);

  it('upgrades to other values, and back', async () => {
    const scheduler = { replicas: 2, podAnnotations: { changed: 'yes' } };
    await install('upgrade', { ...releaseOf('dev', copies), values: { scheduler } });
    expect(await readiness()).toMatchObject({ scheduler: '2/2' });
    const budgets = await kubectl.list('poddisruptionbudgets', NAMESPACE);
    expect(budgets.map(({ metadata }) => metadata.name)).toContain('penstock-scheduler');
    const [pod] = await kubectl.list<{ metadata: { annotations: object } }>(
      'pods',
      NAMESPACE,
      'app.kubernetes.io/component=scheduler',
    );
    expect(pod?.metadata.annotations).toMatchObject({ changed: 'yes' });
    await helm.ok(['rollback', 'penstock', '1', '--namespace', NAMESPACE, ...WAIT]);
    expect(await readiness()).toMatchObject({ scheduler: '1/1' });
    const after = await kubectl.list('poddisruptionbudgets', NAMESPACE);
    expect(after.map(({ metadata }) => metadata.name)).not.toContain('penstock-scheduler');
  }, 300_000);

  it('refuses a mistake before it changes anything', async () => {
    const before = await kubectl.list('deployments', NAMESPACE);
    const typo = install('upgrade', { ...releaseOf('dev', copies), values: { scheduler: { replcas: 3 } } });
    await expect(typo).rejects.toThrow("at '/scheduler': additional properties 'replcas' not allowed");
    expect(await kubectl.list('deployments', NAMESPACE)).toEqual(before);
  }, 60_000);

  it('leaves nothing but definitions when it uninstalls, and can install again', async () => {
    const present = await definitions();
    await uninstall();
    // Helm leaves pods of tests where they are.
    await until(
      async () => (await kubectl.everythingIn(NAMESPACE)).every((name) => name === 'pod/penstock-test'),
      60_000,
    );
    expect(await definitions()).toEqual(present);
    const wide = await kubectl.ok('get', 'clusterroles,clusterrolebindings', '-o', 'name');
    expect(wide.split('\n').filter((name) => name.includes('penstock'))).toEqual([]);
    await install('install', releaseOf('ha', copies));
    expect(await readiness()).toEqual({
      autoscaler: '2/2',
      'gang-placer': '2/2',
      'kv-index': '2/2',
      scheduler: '3/3',
    });
    await uninstall();
  }, 300_000);

  it('says which Secret is missing, and which key of one', async () => {
    const release = releaseOf('external', copies);
    // As controllers of a whole cluster make it in every namespace.
    await kubectl.ok('create', 'serviceaccount', 'default', '-n', NAMESPACE);
    const missing = (value: string, name: string) =>
      `${value}.existingSecret: namespace penstock has no Secret "${name}"; create it with the keys url, or correct the name`;
    const refused = await install('install', release).catch((error: Error) => error.message);
    expect(refused).toContain(missing('externalNats', 'penstock-nats'));
    expect(refused).toContain(missing('externalRedis', 'penstock-redis'));
    expect(await kubectl.list('deployments', NAMESPACE)).toEqual([]);
    const secret = (name: string, key: string) =>
      kubectl.ok('create', 'secret', 'generic', name, '-n', NAMESPACE, `--from-literal=${key}=nats://a:4222`);
    await secret('penstock-nats', 'uri');
    await secret('penstock-redis', 'url');
    const wrongKey = await install('install', release).catch((error: Error) => error.message);
    expect(wrongKey).toContain(
      'externalNats.existingSecret: Secret "penstock-nats" has no key "url"; it has uri',
    );
    expect(wrongKey).not.toContain('externalRedis');
    await install('install', { ...release, values: { externalNats: { existingSecretKey: 'uri' } } });
    expect(await readiness()).toMatchObject({ scheduler: '1/1', 'kv-index': '1/1' });
    await uninstall();
  }, 150_000);

  it('counts a Secret that comes with the release, and looks before the namespace is there', async () => {
    const release = releaseOf('external', copies);
    const made = ['penstock-nats', 'penstock-redis'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { url: 'nats://a:4222' } },
    }));
    const elsewhere = {
      ...release,
      flags: ['--namespace', 'elsewhere', '--create-namespace', '--dry-run=server'],
    };
    await expect(helm.ok(helm.arguments('install', elsewhere))).rejects.toThrow(
      'namespace elsewhere has no Secret',
    );
    await helm.ok(helm.arguments('install', { ...elsewhere, values: { extraObjects: made } }));
  }, 60_000);

  it('installs tiers where the namespace admits them, beside definitions that are there', async () => {
    const release = {
      ...releaseOf('everything', copies),
      // No cloud gives a load balancer here, and no volume a claim.
      values: { scheduler: { service: { type: 'ClusterIP' }, tokenizer: { existingClaim: '', path: '' } } },
    };
    await kubectl.ok(
      'label',
      '--overwrite',
      'namespace',
      NAMESPACE,
      'pod-security.kubernetes.io/enforce=privileged',
    );
    await kubectl.ok('create', 'priorityclass', 'high', '--value=1000');
    const keys = ['--from-literal=accessKeyId=a', '--from-literal=secretAccessKey=b'];
    await kubectl.ok('create', 'secret', 'generic', 's3-keys', '-n', NAMESPACE, ...keys);
    const present = await kubectl.list<{ metadata: { uid: string } }>('customresourcedefinitions');
    await install('install', release);
    expect(await readiness()).toMatchObject({ 'kv-offload': '2/2', scheduler: '3/3' });
    const [daemons] = await kubectl.list<{ status: { numberReady: number } }>('daemonsets', NAMESPACE);
    expect(daemons?.status.numberReady).toBe(3);
    const [pool] = await kubectl.list<{ spec: object }>('inferencepools.inference.llm-d.io', NAMESPACE);
    expect(pool?.spec).toMatchObject({
      replicas: { prefill: 1, decode: 2 },
      kvCache: { tier: 'gpu-cpu-ssd' },
    });
    const after = await kubectl.list<{ metadata: { uid: string } }>('customresourcedefinitions');
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(present.map(({ metadata }) => metadata.uid));
    await uninstall();
  }, 300_000);
});

describe('the kube-apiserver', () => {
  const WARNED = 'checked';
  beforeAll(async () => {
    const files = readdirSync(DEFINITIONS).map((file) => join(DEFINITIONS, file));
    await kubectl.ok('apply', '--server-side', '--force-conflicts', ...files.flatMap((file) => ['-f', file]));
    await kubectl.ok('create', 'namespace', WARNED);
    await kubectl.ok('label', 'namespace', WARNED, 'pod-security.kubernetes.io/warn=restricted');
  }, 60_000);

  /** Takes objects without keeping them; unknown fields and wrong types are errors, as are values that cannot be. */
  const check = (objects: readonly object[]) =>
    kubectl.run(
      'apply',
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      kubectl.file(objects),
    );
  const inNamespace = (object: RenderedObject): RenderedObject =>
    object.metadata.namespace ? { ...object, metadata: { ...object.metadata, namespace: WARNED } } : object;

  it('takes every object of every profile, and calls all pods restricted but those of kv-node', async () => {
    const unique = new Map<string, RenderedObject>();
    for (const profile of PROFILES) {
      for (const object of await helm.template(releaseOf(profile, copies))) {
        // Those of the stand-ins are no part of the chart.
        if (/-(nats|valkey)(-config)?$/.test(object.metadata.name) && object.kind !== 'NetworkPolicy')
          continue;
        if (object.kind !== 'CustomResourceDefinition')
          unique.set(JSON.stringify(object), inNamespace(object));
      }
    }
    expect(unique.size).toBeGreaterThan(100);
    const { status, stdout, stderr } = await check([...unique.values()]);
    const warnings = stderr.split('\n').filter((line) => line.startsWith('Warning: '));
    expect(stderr.split('\n').filter((line) => line && !line.startsWith('Warning: '))).toEqual([]);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(unique.size);
    expect(warnings.length).toBeGreaterThan(0);
    for (const line of warnings)
      expect(line).toMatch(
        /^Warning: would violate PodSecurity "restricted:latest": restricted volume types \(volumes "cpu", "ssd" use restricted volume type "hostPath"\)$/,
      );
  }, 120_000);

  it('would not take a field that there is not, nor a value that cannot be', async () => {
    const objects = (await helm.template(releaseOf('everything', copies))).map(inNamespace);
    const broken = (kind: string, path: string[], value: unknown) => {
      const object = structuredClone(objects.find((each) => each.kind === kind)) as unknown as Record<
        string,
        never
      >;
      const last = path.at(-1) ?? '';
      path.slice(0, -1).reduce<Record<string, never>>((node, step) => node[step] ?? {}, object)[last] =
        value as never;
      return check([object]);
    };
    expect((await broken('Deployment', ['spec', 'replcas'], 1)).stderr).toMatch(
      /unknown field|field not declared/,
    );
    expect((await broken('Gateway', ['spec', 'listenrs'], [])).stderr).toMatch(
      /unknown field|field not declared/,
    );
    expect((await broken('ServiceMonitor', ['spec', 'endpoint'], [])).stderr).toMatch(
      /unknown field|field not declared/,
    );
    expect((await broken('InferencePool', ['spec', 'modle'], 'a')).stderr).toMatch(
      /unknown field|field not declared/,
    );
    expect((await broken('NetworkPolicy', ['spec', 'policyTypes'], ['Sideways'])).stderr).toContain(
      'Sideways',
    );
  }, 60_000);
});
