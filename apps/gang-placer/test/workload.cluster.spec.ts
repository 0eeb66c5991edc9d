import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  CUSTOM_RESOURCES,
  customResourceDefinition,
  type Namespace,
  namespaceKind,
  type PodCliqueSet,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import { installDefinitions, startTestCluster, type TestCluster, until } from '@penstock/testing';
import pino from 'pino';
import { WorkloadControllers } from '../src/controllers/workload-controllers.js';
import { clique, NAMESPACE, podCliqueSet } from './workload/workload-lab.js';

const PATIENCE_MS = 60_000;
const ours = CUSTOM_RESOURCES.filter(({ resource }) => resource.group.endsWith('grove.io'));

let api: TestCluster;
let cluster: KubernetesCluster;
let controllers: WorkloadControllers;
let binding = true;
let binder: Promise<void>;

beforeAll(async () => {
  api = await startTestCluster();
  await api.addNode({ name: 'node-1', gpus: 64 });
  cluster = new KubernetesCluster({ service: 'gang-placer', kubeconfig: api.kubeconfigPath });
  await installDefinitions(cluster, ours.map(customResourceDefinition));
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await cluster.create(namespaceKind, namespace);
  controllers = new WorkloadControllers({
    cluster,
    clock: { nowMs: () => Date.now() },
    logger: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    config: { namespace: NAMESPACE, schedulerName: 'penstock-gang-placer', startupGateImage: 'gate' },
  });
  controllers.lead({ transitions: 1, isHeld: () => true });
  binder = bindForever();
}, 180_000);

afterAll(async () => {
  binding = false;
  await binder;
  await controllers?.yield();
  await controllers?.close();
  await cluster?.close();
  await api?.stop();
}, 60_000);

/** The placement side, as far as these tests need it: binds what has no gate. */
async function bindForever(): Promise<void> {
  while (binding) {
    for (const { metadata, spec } of await cluster.list(podKind, { namespace: NAMESPACE }).catch(() => [])) {
      if (spec?.nodeName || spec?.schedulingGates?.length || metadata.deletionTimestamp) continue;
      const { name, uid = '' } = metadata;
      await cluster.bindPod({ namespace: NAMESPACE, name, uid }, 'node-1').catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const names = async (kind: ResourceKind, set: string): Promise<string[]> =>
  (await cluster.list(kind, { namespace: NAMESPACE, labelSelector: `app.kubernetes.io/part-of=${set}` }))
    .map(({ metadata }) => metadata.name)
    .sort();
const eventually = (condition: () => Promise<boolean>) => until(condition, PATIENCE_MS);
const phaseOf = async (gang: string) => (await cluster.get(podGangKind, NAMESPACE, gang))?.status?.phase;

describe('workloads on a cluster', () => {
  it('are born, scaled, updated and deleted', async () => {
    const set = (tag: string): PodCliqueSet =>
      podCliqueSet(
        {
          cliqueStartupType: 'CliqueStartupTypeInOrder',
          cliques: ['router', 'prefill', 'decode'].map((name) =>
            clique(name, {
              replicas: 2,
              podSpec: { containers: [{ name: 'main', image: `engine:${tag}` }] },
            }),
          ),
        },
        {},
        'born',
      );
    await cluster.create(podCliqueSetKind, set('1'));
    await eventually(async () => (await phaseOf('born-0')) === 'Running');
    expect(await names(podKind, 'born')).toHaveLength(6);
    const decode = await cluster.get(podKind, NAMESPACE, 'born-0-decode-0');
    expect(decode?.metadata.annotations).toMatchObject({ 'penstock.dev/start-allowed': 'true' });
    await eventually(
      async () => (await cluster.get(podCliqueSetKind, NAMESPACE, 'born'))?.status?.availableReplicas === 1,
    );

    expect(await cluster.readScale(podCliqueKind, NAMESPACE, 'born-0-decode')).toMatchObject({
      replicas: 2,
      selector: expect.stringContaining('grove.io/podclique=born-0-decode'),
    });
    await cluster.writeScale(podCliqueKind, NAMESPACE, 'born-0-decode', 4);
    await eventually(
      async () => (await cluster.get(podCliqueKind, NAMESPACE, 'born-0-decode'))?.status?.readyReplicas === 4,
    );
    await cluster.writeScale(podCliqueKind, NAMESPACE, 'born-0-decode', 0);
    await eventually(async () => (await names(podKind, 'born')).length === 4);
    await cluster.writeScale(podCliqueKind, NAMESPACE, 'born-0-decode', 2);
    await eventually(
      async () => (await phaseOf('born-0')) === 'Running' && (await names(podKind, 'born')).length === 6,
    );

    await cluster.apply(podCliqueSetKind, set('2'), { force: true });
    await eventually(async () => {
      const pods = await cluster.list(podKind, { namespace: NAMESPACE });
      return pods.length === 6 && pods.every(({ spec }) => spec?.containers[0]?.image === 'engine:2');
    });
    await eventually(
      async () => (await cluster.get(podCliqueSetKind, NAMESPACE, 'born'))?.status?.updatedReplicas === 1,
    );

    await cluster.delete(podCliqueSetKind, NAMESPACE, 'born');
    for (const kind of [podKind, podCliqueKind, podGangKind] as ResourceKind[]) {
      await eventually(async () => (await names(kind, 'born')).length === 0);
    }
  }, 240_000);

  it('scale by groups, each replica a gang', async () => {
    const set = podCliqueSet(
      {
        cliques: [clique('leader'), clique('worker', { replicas: 2 })],
        podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 2 }],
      },
      {},
      'group',
    );
    await cluster.create(podCliqueSetKind, set);
    await eventually(
      async () => (await phaseOf('group-0')) === 'Running' && (await phaseOf('group-0-sg-0')) === 'Running',
    );
    await cluster.writeScale(podCliqueScalingGroupKind, NAMESPACE, 'group-0-sg', 3);
    await eventually(async () => (await phaseOf('group-0-sg-1')) === 'Running');
    expect(await names(podGangKind, 'group')).toEqual(['group-0', 'group-0-sg-0', 'group-0-sg-1']);
    await cluster.writeScale(podCliqueScalingGroupKind, NAMESPACE, 'group-0-sg', 1);
    await eventually(async () => (await names(podKind, 'group')).length === 3);
    await eventually(async () => {
      const scale = await cluster.readScale(podCliqueScalingGroupKind, NAMESPACE, 'group-0-sg');
      return scale?.observedReplicas === 1;
    });
    expect(await names(podGangKind, 'group')).toEqual(['group-0']);
  }, 120_000);

  it.each<[string, object, RegExp]>([
    [
      'a bad minimum',
      { cliques: [clique('a', { replicas: 1, minAvailable: 2 })] },
      /minAvailable must not be greater/,
    ],
    [
      'a node name',
      { cliques: [clique('a', { podSpec: { nodeName: 'n', containers: [{ name: 'c' }] } })] },
      /nodeName must not be set/,
    ],
    ['no clique', { cliques: [] }, /cliques/],
    ['a clique twice', { cliques: [clique('a'), clique('a')] }, /[Dd]uplicate/],
    [
      'an empty constraint',
      { cliques: [clique('a')], topologyConstraint: { topologyName: 't', pack: {} } },
      /pack must set required, preferred or both/,
    ],
  ])('are refused by the API with %s', async (_what, template, message) => {
    await expect(cluster.create(podCliqueSetKind, podCliqueSet(template, {}, 'bad'))).rejects.toThrow(
      message,
    );
  });

  it('may not change what is fixed, and say what no schema can', async () => {
    const of = (template: object) => podCliqueSet(template, { replicas: 0 }, 'fixed');
    const valid = {
      cliques: [clique('a'), clique('b')],
      podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['b'] }],
    };
    await cluster.apply(podCliqueSetKind, of(valid));
    const attempts: Array<[object, RegExp]> = [
      [{ ...valid, cliques: [...valid.cliques, clique('c')] }, /cliques cannot be added/],
      [{ ...valid, cliqueStartupType: 'CliqueStartupTypeInOrder' }, /cliqueStartupType is immutable/],
      [
        { ...valid, podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['a'] }] },
        /podCliqueScalingGroups cannot/,
      ],
    ];
    for (const [template, message] of attempts) {
      await expect(cluster.apply(podCliqueSetKind, of(template))).rejects.toThrow(message);
    }
    const unknown = {
      cliqueStartupType: 'CliqueStartupTypeExplicit',
      cliques: [clique('a', { startsAfter: ['x'] })],
    };
    await cluster.create(podCliqueSetKind, podCliqueSet(unknown, {}, 'unknown'));
    await eventually(async () => {
      const found = await cluster.get(podCliqueSetKind, NAMESPACE, 'unknown');
      return (
        found?.status?.conditions?.some(
          ({ type, status, message }) =>
            type === 'Valid' && status === 'False' && message.includes('no clique "x"'),
        ) ?? false
      );
    });
    expect(await names(podCliqueKind, 'unknown')).toEqual([]);
  }, 60_000);
});
