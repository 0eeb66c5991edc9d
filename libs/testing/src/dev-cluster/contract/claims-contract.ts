import { beforeAll, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

const API = 'resource.k8s.io/v1';
const NODE = 'contract-claims-node';
const PATIENCE_MS = 60_000;

interface Claim {
  readonly metadata: Record<string, unknown> & { name: string };
  readonly status?: {
    allocation?: object;
    reservedFor?: { resource: string; name: string; uid: string }[];
  };
}

/** Claims for devices that pods bring along (`resource.k8s.io`), without a scheduler. */
export function describeClaims(get: () => ContractCluster): void {
  const claimPath = (name?: string): string => get().path(API, 'resourceclaims', name);
  const createTemplate = (name: string): Promise<RawAnswer> =>
    get().request('POST', get().path(API, 'resourceclaimtemplates'), {
      apiVersion: API,
      kind: 'ResourceClaimTemplate',
      metadata: { name },
      spec: {
        metadata: { labels: { from: name }, annotations: { note: 'kept' } },
        spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.test' } }] } },
      },
    });
  const createPod = (name: string, claim: object, spec: object = {}): Promise<V1Pod> =>
    get().core.createNamespacedPod({
      namespace: get().namespace,
      body: {
        metadata: { name },
        spec: {
          schedulerName: 'nobody',
          terminationGracePeriodSeconds: 0,
          restartPolicy: 'Never',
          resourceClaims: [{ name: 'gpu', ...claim }],
          containers: [{ name: 'main', image: 'a', resources: { claims: [{ name: 'gpu' }] } }],
          ...spec,
        },
      },
    });
  const readPod = (name: string) => get().core.readNamespacedPod({ namespace: get().namespace, name });
  const claimOf = (pod: string): Promise<string> =>
    eventually(async () => {
      const [status] = (await readPod(pod)).status?.resourceClaimStatuses ?? [];
      expect(status).toMatchObject({ name: 'gpu', resourceClaimName: expect.any(String) });
      return status!.resourceClaimName!;
    }, PATIENCE_MS);
  const readClaim = async (name: string): Promise<Claim> => {
    const answer = await get().request('GET', claimPath(name));
    expect(answer.status).toBe(200);
    return answer.body as unknown as Claim;
  };
  const gone = (name: string): Promise<void> =>
    eventually(
      async () => expect((await get().request('GET', claimPath(name))).status).toBe(404),
      PATIENCE_MS,
    );
  /** What a scheduler writes when it has found a device for a pod. */
  const allocate = async (name: string, pods: readonly V1Pod[]): Promise<void> => {
    const claim = await readClaim(name);
    const protectedClaim = await get().request('PUT', claimPath(name), {
      ...claim,
      metadata: { ...claim.metadata, finalizers: ['resource.kubernetes.io/delete-protection'] },
    });
    expect(protectedClaim.status).toBe(200);
    const answer = await get().request('PUT', `${claimPath(name)}/status`, {
      ...protectedClaim.body,
      status: {
        allocation: {
          devices: { results: [{ request: 'gpu', driver: 'gpu.test', pool: NODE, device: 'gpu-0' }] },
        },
        reservedFor: pods.map((pod) => ({
          resource: 'pods',
          name: pod.metadata!.name,
          uid: pod.metadata!.uid,
        })),
      },
    });
    expect([answer.status, answer.body.message]).toEqual([200, undefined]);
  };

  beforeAll(async () => {
    await get().request('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    });
    await createTemplate('one-gpu');
  });

  it('makes a claim of its own for a pod with a template', async () => {
    const pod = await createPod('claiming', { resourceClaimTemplateName: 'one-gpu' });
    const name = await claimOf('claiming');
    expect(name).toMatch(/^claiming-gpu-[a-z0-9]{5}$/);
    const { metadata } = await readClaim(name);
    expect(metadata).toMatchObject({
      generateName: 'claiming-gpu-',
      labels: { from: 'one-gpu' },
      annotations: { note: 'kept', 'resource.kubernetes.io/pod-claim-name': 'gpu' },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          name: 'claiming',
          uid: pod.metadata?.uid,
          controller: true,
        },
      ],
    });
    await get().core.deleteNamespacedPod({ namespace: get().namespace, name: 'claiming' });
    await gone(name);
  });

  it('waits for a template that comes later, and says so', async () => {
    await createPod('early', { resourceClaimTemplateName: 'later' });
    await eventually(async () => {
      const { items } = await get().core.listNamespacedEvent({
        namespace: get().namespace,
        fieldSelector: 'involvedObject.name=early',
      });
      expect(items.map((event) => `${event.reason}: ${event.message}`)).toEqual([
        expect.stringMatching(
          /^FailedResourceClaimCreation: PodResourceClaim gpu: resource claim template "later": /,
        ),
      ]);
    }, PATIENCE_MS);
    await createTemplate('later');
    expect(await claimOf('early')).toMatch(/^early-gpu-/);
  });

  it('frees a claim when the last pod that it is reserved for has ended', async () => {
    await get().request('POST', claimPath(), {
      apiVersion: API,
      kind: 'ResourceClaim',
      metadata: { name: 'shared' },
      spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.test' } }] } },
    });
    const pods = [];
    for (const name of ['user-a', 'user-b']) {
      pods.push(await createPod(name, { resourceClaimName: 'shared' }, { nodeName: NODE }));
    }
    await eventually(async () => {
      for (const name of ['user-a', 'user-b']) expect((await readPod(name)).status?.phase).toBe('Running');
    }, PATIENCE_MS);
    await allocate('shared', pods);
    const running = await readPod('user-a');
    await get().core.replaceNamespacedPodStatus({
      namespace: get().namespace,
      name: 'user-a',
      body: { ...running, status: { ...running.status, phase: 'Succeeded' } },
    });
    await eventually(async () => {
      const { status } = await readClaim('shared');
      expect(status?.reservedFor?.map((consumer) => consumer.name)).toEqual(['user-b']);
      expect(status?.allocation).toBeDefined();
    }, PATIENCE_MS);
    await get().core.deleteNamespacedPod({ namespace: get().namespace, name: 'user-b' });
    await eventually(async () => {
      const { status, metadata } = await readClaim('shared');
      expect(status ?? {}).toEqual({});
      expect(metadata['finalizers'] ?? []).toEqual([]);
    }, PATIENCE_MS);
  });

  it('gives a claim up with its pod when that has ended', async () => {
    const pod = await createPod('ending', { resourceClaimTemplateName: 'one-gpu' }, { nodeName: NODE });
    const name = await claimOf('ending');
    await eventually(
      async () => expect((await readPod('ending')).status?.phase).toBe('Running'),
      PATIENCE_MS,
    );
    await allocate(name, [pod]);
    const running = await readPod('ending');
    await get().core.replaceNamespacedPodStatus({
      namespace: get().namespace,
      name: 'ending',
      body: { ...running, status: { ...running.status, phase: 'Failed' } },
    });
    await gone(name);
    expect((await readPod('ending')).status?.phase).toBe('Failed');
  });

  it('reserves an allocated claim for a pod that was bound past the scheduler', async () => {
    const first = await createPod('binding', { resourceClaimTemplateName: 'one-gpu' });
    const name = await claimOf('binding');
    await allocate(name, []);
    await get().core.createNamespacedPodBinding({
      namespace: get().namespace,
      name: 'binding',
      body: { metadata: { name: 'binding' }, target: { kind: 'Node', name: NODE } },
    });
    await eventually(async () => {
      const { status } = await readClaim(name);
      expect(status?.reservedFor).toEqual([{ resource: 'pods', name: 'binding', uid: first.metadata?.uid }]);
    }, PATIENCE_MS);
  });
}
