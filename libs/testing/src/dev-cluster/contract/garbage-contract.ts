import { expect, it } from '@jest/globals';
import type { KubernetesObject } from '@kubernetes/client-node';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

const PATIENCE_MS = 60_000;

interface Owner {
  readonly body: KubernetesObject;
  readonly block?: boolean;
}

/** Owners and what depends on them. */
export function describeGarbageCollection(get: () => ContractCluster): void {
  const path = (name: string): string => get().path('v1', 'configmaps', name);
  const reference = ({ body, block }: Owner): object => ({
    apiVersion: body.apiVersion,
    kind: body.kind,
    name: body.metadata?.name,
    uid: body.metadata?.uid,
    ...(block === undefined ? {} : { blockOwnerDeletion: block }),
  });
  const create = async (
    name: string,
    owners: Owner[] = [],
    metadata: object = {},
  ): Promise<KubernetesObject> => {
    const answer = await get().request('POST', get().path('v1', 'configmaps'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        ...(owners.length > 0 ? { ownerReferences: owners.map(reference) } : {}),
        ...metadata,
      },
    });
    expect(answer.status).toBe(201);
    return answer.body as unknown as KubernetesObject;
  };
  const read = (name: string): Promise<RawAnswer> => get().request('GET', path(name));
  const remove = (name: string, propagationPolicy?: string): Promise<RawAnswer> =>
    get().request('DELETE', path(name), propagationPolicy ? { propagationPolicy } : undefined);
  const gone = (name: string): Promise<void> =>
    eventually(async () => expect((await read(name)).status).toBe(404), PATIENCE_MS);
  const release = (name: string): Promise<RawAnswer> =>
    get().request(
      'PATCH',
      path(name),
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
  /** Long enough for the collector to have looked. */
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));
  const hold = { finalizers: ['penstock.dev/hold'] };

  it('deletes what depends on a deleted owner, all the way down', async () => {
    const owner = { body: await create('gc-owner') };
    const child = { body: await create('gc-child', [owner]) };
    await create('gc-grandchild', [child]);
    await remove('gc-owner');
    for (const name of ['gc-owner', 'gc-child', 'gc-grandchild']) await gone(name);
  });

  it('waits in the foreground for what blocks the deletion of its owner', async () => {
    const owner = { body: await create('fg-owner'), block: true };
    const child = { body: await create('fg-child', [owner], hold), block: true };
    await create('fg-other', [{ ...owner, block: false }], hold);
    await create('fg-grandchild', [child], hold);
    await remove('fg-owner', 'Foreground');
    const waiting = await read('fg-owner');
    expect(waiting.body.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      finalizers: ['foregroundDeletion'],
    });
    // A dependent with dependents of its own is deleted in the foreground, too.
    await eventually(async () => {
      const { metadata } = (await read('fg-child')).body;
      expect(metadata['finalizers']).toEqual(
        expect.arrayContaining(['foregroundDeletion', 'penstock.dev/hold']),
      );
    }, PATIENCE_MS);
    await eventually(
      async () => expect((await read('fg-grandchild')).body.metadata['deletionTimestamp']).toBeDefined(),
      PATIENCE_MS,
    );
    await release('fg-child');
    await release('fg-grandchild');
    // What does not block may outlive its owner.
    await gone('fg-owner');
    await gone('fg-child');
    expect((await read('fg-other')).body.metadata['deletionTimestamp']).toBeDefined();
    await release('fg-other');
    await gone('fg-other');
  });

  it('leaves dependents without their owner when they are to be orphaned', async () => {
    const owner = { body: await create('or-owner') };
    await create('or-child', [owner]);
    await remove('or-owner', 'Orphan');
    await gone('or-owner');
    const orphan = await read('or-child');
    expect(orphan.body.metadata).not.toHaveProperty('ownerReferences');
    expect(orphan.body.metadata).not.toHaveProperty('deletionTimestamp');
  });

  it('keeps what another owner still has', async () => {
    const [one, two] = [{ body: await create('mo-one') }, { body: await create('mo-two') }];
    await create('mo-child', [one, two]);
    await remove('mo-one');
    await eventually(async () => {
      const { metadata } = (await read('mo-child')).body;
      expect(metadata['ownerReferences']).toEqual([expect.objectContaining({ name: 'mo-two' })]);
    }, PATIENCE_MS);
    await remove('mo-two');
    await gone('mo-child');
  });

  it('keeps in the foreground what another owner still has', async () => {
    const [one, two] = [{ body: await create('fo-one'), block: true }, { body: await create('fo-two') }];
    await create('fo-child', [one, two]);
    await remove('fo-one', 'Foreground');
    await gone('fo-one');
    const { metadata } = (await read('fo-child')).body;
    expect(metadata).not.toHaveProperty('deletionTimestamp');
    expect(metadata['ownerReferences']).toEqual([expect.objectContaining({ name: 'fo-two' })]);
  });

  it('leaves alone what names an owner of a kind nobody knows', async () => {
    const metadata = { name: 'any', uid: 'ba5eba11-0000-4000-8000-000000000001' };
    await create('uk-child', [{ body: { apiVersion: 'unknown.penstock.dev/v1', kind: 'Thing', metadata } }]);
    await settle();
    expect((await read('uk-child')).status).toBe(200);
  });

  it('deletes what names an owner that does not exist, or another one of its name', async () => {
    const owner = await create('un-owner');
    const stranger = {
      ...owner,
      metadata: { ...owner.metadata, uid: 'ba5eba11-0000-4000-8000-000000000000' },
    };
    await create('un-child', [{ body: stranger }]);
    await gone('un-child');
    expect((await read('un-owner')).status).toBe(200);
  });

  it('does not reach an owner in another namespace', async () => {
    const namespace = `${get().namespace}-other`;
    await get().core.createNamespace({ body: { metadata: { name: namespace } } });
    const elsewhere = await get().core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'ns-owner' } },
    });
    const body = { ...elsewhere, apiVersion: 'v1', kind: 'ConfigMap' };
    await create('ns-child', [{ body }]);
    await gone('ns-child');
    await eventually(async () => {
      const { items } = await get().core.listNamespacedEvent({
        namespace: get().namespace,
        fieldSelector: 'involvedObject.name=ns-child',
      });
      expect(items.map((event) => event.reason)).toContain('OwnerRefInvalidNamespace');
    }, PATIENCE_MS);
    await get().core.deleteNamespace({ name: namespace });
  });

  it('lets a thing of a namespace depend on one of the cluster', async () => {
    const node = await get().core.createNode({ body: { metadata: { name: `${get().namespace}-node` } } });
    const owner = { body: { ...node, apiVersion: 'v1', kind: 'Node' } };
    await create('cl-child', [owner]);
    await settle();
    expect((await read('cl-child')).status).toBe(200);
    await get().core.deleteNode({ name: node.metadata!.name! });
    await gone('cl-child');
  });
}
