import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  CUSTOM_RESOURCES,
  customResourceDefinition,
  gangPlacementKind,
  kubernetesEventKind,
  namespaceKind,
  podCliqueKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import { installDefinitions, startTestCluster, type TestCluster, until } from '@penstock/testing';
import { clique, NAMESPACE, podCliqueSet } from '../workload/workload-lab.js';
import { BindingLedger } from './binding-ledger.js';
import { PlacerProcess } from './placer-process.js';

const GPU = 'nvidia.com/gpu';
const PATIENCE_MS = 120_000;
const NODES = { r1: ['a1', 'a2', 'a3'], r2: ['b1', 'b2', 'b3'] };
const eventually = (condition: () => Promise<boolean>) => until(condition, PATIENCE_MS);

let api: TestCluster;
let cluster: KubernetesCluster;
let ledger: BindingLedger;
let placer: PlacerProcess | undefined;

beforeAll(async () => {
  api = await startTestCluster();
  cluster = new KubernetesCluster({ service: 'gang-placer-test', kubeconfig: api.kubeconfigPath });
  await installDefinitions(cluster, CUSTOM_RESOURCES.map(customResourceDefinition));
  for (const [rack, nodes] of Object.entries(NODES)) {
    for (const name of nodes) await api.addNode({ name, gpus: 8, labels: { rack } });
  }
  await cluster.create(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  ledger = new BindingLedger(cluster);
}, 180_000);

afterAll(async () => {
  await placer?.stop();
  await cluster?.close();
  await api?.stop();
}, 60_000);

/** A set of one gang: a router without GPUs and workers of `gpus` each. */
function engines(name: string, replicas: number, gpus: number, minAvailable = replicas) {
  const container = (limits: Record<string, string>) => ({
    containers: [{ name: 'main', image: 'engine', resources: { limits } }],
  });
  return podCliqueSet(
    {
      cliques: [
        clique('router', { podSpec: container({ cpu: '1' }) }),
        clique('worker', { replicas, minAvailable, podSpec: container({ [GPU]: String(gpus) }) }),
      ],
    },
    {},
    name,
  );
}

const placementOf = (gang: string) => cluster.get(gangPlacementKind, NAMESPACE, gang);
const isBound = async (gang: string) => {
  const placement = await placementOf(gang);
  return placement?.status?.phase === 'Bound' && placement.status.observedAttempt === placement.spec.attempt;
};
const podsOf = (set: string) =>
  cluster.list(podKind, { namespace: NAMESPACE, labelSelector: `app.kubernetes.io/part-of=${set}` });

describe('the gang-placer as a process', () => {
  it('turns a PodCliqueSet into bound pods, and follows its scale', async () => {
    placer = new PlacerProcess(api.kubeconfigPath);
    await cluster.create(podCliqueSetKind, engines('first', 2, 8));
    await eventually(() => isBound('first-0'));
    await eventually(async () => {
      const gang = await cluster.get(podGangKind, NAMESPACE, 'first-0');
      return gang?.status?.phase === 'Running' && gang.status.placementScore === 1;
    });
    const placement = await placementOf('first-0');
    expect(placement?.spec.assignments).toHaveLength(3);
    expect(placement?.status).toMatchObject({ boundPods: 3 });
    expect((await podsOf('first')).every(({ status }) => status?.phase === 'Running')).toBe(true);

    await cluster.writeScale(podCliqueKind, NAMESPACE, 'first-0-worker', 3);
    await eventually(async () => (await placementOf('first-0'))?.status?.boundPods === 4);
    await cluster.writeScale(podCliqueKind, NAMESPACE, 'first-0-worker', 2);
    await eventually(async () => (await placementOf('first-0'))?.status?.boundPods === 3);
    expect((await placementOf('first-0'))?.spec.assignments).toHaveLength(3);
  }, 180_000);

  it('says at every object why a gang waits, and forgets a gang that is deleted', async () => {
    await cluster.create(podCliqueSetKind, engines('huge', 9, 8));
    await eventually(async () => {
      const gang = await cluster.get(podGangKind, NAMESPACE, 'huge-0');
      const scheduled = gang?.status?.conditions?.find(({ type }) => type === 'Scheduled');
      return scheduled?.reason === 'Unschedulable' && /\d+ of 10 pods/.test(scheduled.message);
    });
    await eventually(async () =>
      (await podsOf('huge')).every(({ status }) =>
        status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'Unschedulable'),
      ),
    );
    await eventually(async () => {
      const events = await cluster.list(kubernetesEventKind, { namespace: NAMESPACE });
      const kinds = events
        .filter(({ reason }) => reason === 'FailedScheduling')
        .map((e) => e.involvedObject.kind);
      return kinds.includes('PodGang') && kinds.includes('Pod');
    });
    expect((await podsOf('huge')).filter(({ spec }) => spec?.nodeName)).toEqual([]);
    for (const set of ['huge', 'first']) await cluster.delete(podCliqueSetKind, NAMESPACE, set);
    await eventually(async () => (await podsOf('first')).length + (await podsOf('huge')).length === 0);
    await eventually(async () => (await placementOf('first-0')) === undefined);
    await placer?.stop();
    placer = undefined;
  }, 180_000);

  it('is killed at write after write, and leaves nothing partial, double or oversubscribed', async () => {
    const kills = 8;
    for (let i = 0; i < kills; i++) {
      // Small enough that all fit in the end; each process also finds what the one before left half done.
      await cluster.create(podCliqueSetKind, engines(`set-${i}`, 2, 1));
      // The workload side writes some twenty times before the first decision: cover both.
      const killed = new PlacerProcess(api.kubeconfigPath, {
        fault: i % 2 ? 'before' : 'after',
        atWrite: 12 + 3 * i,
      });
      // On a busy machine writes are gathered: one that has bound all there is without having come to its write dies then.
      const done = new AbortController();
      const all = eventually(async () => done.signal.aborted || (await isBound(`set-${i}-0`)));
      void all
        .then(() => sleep(10_000, undefined, { signal: done.signal }))
        .then(
          () => killed.kill(),
          () => undefined,
        );
      const end = await killed.ended;
      done.abort();
      if (end !== 'SIGKILL') throw new Error(`ended with ${end} instead of being killed:\n${killed.log}`);
    }
    placer = new PlacerProcess(api.kubeconfigPath);
    for (let i = 0; i < kills; i++) await eventually(() => isBound(`set-${i}-0`));
    await ledger.verify(NAMESPACE);
    const pods = (await cluster.list(podKind, { namespace: NAMESPACE })).filter(({ spec }) => spec?.nodeName);
    expect(pods).toHaveLength(kills * 3);
  }, 600_000);
});
