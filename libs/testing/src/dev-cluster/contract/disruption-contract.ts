import { beforeAll, expect, it } from '@jest/globals';
import { AppsV1Api, PolicyV1Api } from '@kubernetes/client-node';
import { type ContractCluster, eventually } from './contract-cluster.js';

const NODE = 'contract-disrupted-node';
const PATIENCE_MS = 60_000;

/** What moves pods away: taints, and how many may go at once. */
export function describeDisruptions(get: () => ContractCluster): void {
  const policy = (): PolicyV1Api => get().config.makeApiClient(PolicyV1Api);
  const pod = (name: string, app: string, spec: object = {}) => ({
    metadata: { name, labels: { app } },
    spec: {
      nodeName: NODE,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'a' }],
      ...spec,
    },
  });
  const createPod = (name: string, app: string, spec: object = {}) =>
    get().core.createNamespacedPod({ namespace: get().namespace, body: pod(name, app, spec) });
  const namesOf = async (app: string): Promise<(string | undefined)[]> => {
    const { namespace, core } = get();
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
    return items
      .filter((p) => !p.metadata?.deletionTimestamp)
      .map((p) => p.metadata?.name)
      .sort();
  };
  const taint = (taints: object[]) =>
    get().request(
      'PATCH',
      `/api/v1/nodes/${NODE}`,
      { spec: { taints } },
      { 'content-type': 'application/merge-patch+json' },
    );

  beforeAll(async () => {
    await get().request('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    });
  });

  it('counts what a budget lets go', async () => {
    const { namespace } = get();
    const body = {
      metadata: { name: 'counted' },
      spec: { replicas: 4, selector: { matchLabels: { app: 'counted' } }, template: pod('', 'counted') },
    };
    await get().config.makeApiClient(AppsV1Api).createNamespacedReplicaSet({ namespace, body });
    const budget = (name: string, spec: object) =>
      policy().createNamespacedPodDisruptionBudget({
        namespace,
        body: { metadata: { name }, spec: { selector: { matchLabels: { app: 'counted' } }, ...spec } },
      });
    const status = (name: string, expected: object) =>
      eventually(async () => {
        const read = await policy().readNamespacedPodDisruptionBudget({ namespace, name });
        expect(read.status).toMatchObject({ observedGeneration: 1, ...expected });
      }, PATIENCE_MS);
    await budget('at-least', { minAvailable: 3 });
    await budget('at-most', { maxUnavailable: '50%' });
    await budget('all', { minAvailable: '100%' });
    const counted = { currentHealthy: 4, expectedPods: 4 };
    await status('at-least', { ...counted, desiredHealthy: 3, disruptionsAllowed: 1 });
    await status('at-most', { ...counted, desiredHealthy: 2, disruptionsAllowed: 2 });
    await status('all', {
      ...counted,
      desiredHealthy: 4,
      disruptionsAllowed: 0,
      conditions: [
        expect.objectContaining({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }),
      ],
    });
  });

  it('takes pods from a node with a taint that they do not tolerate', async () => {
    const toleration = { key: 'contract', operator: 'Exists', effect: 'NoExecute' };
    await createPod('t-none', 'tainted');
    await createPod('t-all', 'tainted', { tolerations: [toleration] });
    await createPod('t-short', 'tainted', { tolerations: [{ ...toleration, tolerationSeconds: 2 }] });
    await createPod('t-long', 'tainted', { tolerations: [{ ...toleration, tolerationSeconds: 600 }] });
    await taint([{ key: 'contract', value: 'x', effect: 'NoExecute' }]);
    await eventually(
      async () => expect(await namesOf('tainted')).toEqual(['t-all', 't-long', 't-short']),
      PATIENCE_MS,
    );
    await eventually(async () => expect(await namesOf('tainted')).toEqual(['t-all', 't-long']), PATIENCE_MS);
    await createPod('t-late', 'tainted');
    await eventually(async () => expect(await namesOf('tainted')).toEqual(['t-all', 't-long']), PATIENCE_MS);
    const { items } = await get().core.listNamespacedEvent({
      namespace: get().namespace,
      fieldSelector: 'involvedObject.name=t-none,reason=TaintManagerEviction',
    });
    expect(items[0]?.message).toBe(`Marking for deletion Pod ${get().namespace}/t-none`);
    await taint([]);
  });

  it('lets pods stay when the taint goes before their time is over', async () => {
    const toleration = { key: 'brief', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 };
    await createPod('b-stays', 'brief', { tolerations: [toleration] });
    await taint([{ key: 'brief', effect: 'NoExecute' }]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await taint([]);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await namesOf('brief')).toEqual(['b-stays']);
  });
}
