import { expect, it } from '@jest/globals';
import { type ContractCluster, eventually, refusal } from './contract-cluster.js';

/** Creating, reading, replacing and deleting objects. */
export function describeObjects(get: () => ContractCluster): void {
  const configMap = (name: string, data: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: get().namespace },
    data,
  });

  it('names its version and kinds', async () => {
    const version = await get().request('GET', '/version');
    expect(version.body['gitVersion']).toMatch(/^v1\.\d+\./);
    const core = await get().request('GET', '/api/v1');
    const pods = (core.body['resources'] as { name: string; verbs: string[]; kind: string }[]).find(
      (r) => r.name === 'pods',
    );
    expect(pods).toMatchObject({ kind: 'Pod', namespaced: true, shortNames: ['po'] });
    expect(pods?.verbs).toEqual(
      expect.arrayContaining(['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
    );
    const groups = await get().request('GET', '/apis');
    expect((groups.body['groups'] as { name: string }[]).map((g) => g.name)).toEqual(
      expect.arrayContaining(['coordination.k8s.io', 'apiextensions.k8s.io']),
    );
    expect((await get().request('GET', '/apis/nothing.example.com/v1')).status).toBe(404);
  });

  it('creates, reads, lists and deletes', async () => {
    const { core, namespace } = get();
    const created = await core.createNamespacedConfigMap({ namespace, body: configMap('crud', { a: '1' }) });
    expect(created.metadata).toMatchObject({ name: 'crud', namespace });
    expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    expect((await core.readNamespacedConfigMap({ namespace, name: 'crud' })).data).toEqual({ a: '1' });
    const list = await core.listNamespacedConfigMap({ namespace });
    expect(list.items.map((item) => item.metadata?.name)).toContain('crud');
    expect(Number(list.metadata?.resourceVersion)).toBeGreaterThanOrEqual(
      Number(created.metadata?.resourceVersion),
    );
    expect(await core.deleteNamespacedConfigMap({ namespace, name: 'crud' })).toMatchObject({
      status: 'Success',
    });
    expect(await refusal(core.readNamespacedConfigMap({ namespace, name: 'crud' }))).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      code: 404,
      message: 'configmaps "crud" not found',
      details: { name: 'crud', kind: 'configmaps' },
    });
  });

  it('refuses a name that is taken, and one that is no name', async () => {
    const { core, namespace } = get();
    await core.createNamespacedConfigMap({ namespace, body: configMap('taken') });
    expect(
      await refusal(core.createNamespacedConfigMap({ namespace, body: configMap('taken') })),
    ).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
    const bad = await refusal(core.createNamespacedConfigMap({ namespace, body: configMap('Not A Name') }));
    expect(bad).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(bad.details?.causes?.[0]).toMatchObject({ field: 'metadata.name', reason: 'FieldValueInvalid' });
  });

  it('makes a name from generateName', async () => {
    const { core, namespace } = get();
    const body = { metadata: { generateName: 'made-' } };
    const names = await Promise.all(
      [1, 2, 3].map(async () => (await core.createNamespacedConfigMap({ namespace, body })).metadata?.name),
    );
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^made-[a-z0-9]{5}$/);
  });

  it('replaces an object only at its current resourceVersion', async () => {
    const { core, namespace } = get();
    const first = await core.createNamespacedConfigMap({ namespace, body: configMap('stale', { v: '1' }) });
    const second = await core.replaceNamespacedConfigMap({
      namespace,
      name: 'stale',
      body: { ...first, data: { v: '2' } },
    });
    expect(Number(second.metadata?.resourceVersion)).toBeGreaterThan(Number(first.metadata?.resourceVersion));
    const body = { ...first, data: { v: '3' } };
    expect(await refusal(core.replaceNamespacedConfigMap({ namespace, name: 'stale', body }))).toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    expect((await core.readNamespacedConfigMap({ namespace, name: 'stale' })).data).toEqual({ v: '2' });
  });

  it('gives a change of nothing no new resourceVersion', async () => {
    const { core, namespace } = get();
    const first = await core.createNamespacedConfigMap({ namespace, body: configMap('same', { v: '1' }) });
    const again = await core.replaceNamespacedConfigMap({ namespace, name: 'same', body: first });
    expect(again.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
  });

  it('changes nothing on a dry run', async () => {
    const { core, namespace } = get();
    await core.createNamespacedConfigMap({ namespace, body: configMap('dry'), dryRun: 'All' });
    expect(await refusal(core.readNamespacedConfigMap({ namespace, name: 'dry' }))).toMatchObject({
      code: 404,
    });
  });

  it('answers bad JSON, another kind, another namespace and an unknown media type', async () => {
    const path = get().path('v1', 'configmaps');
    expect(await get().request('POST', path, '{"kind":')).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest' },
    });
    expect(
      (await get().request('POST', path, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }))
        .status,
    ).toBe(400);
    const elsewhere = { ...configMap('x'), metadata: { name: 'x', namespace: 'elsewhere' } };
    expect((await get().request('POST', path, elsewhere)).status).toBe(400);
    expect((await get().request('POST', path, 'x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await get().request('POST', `${path}/x`, configMap('x'))).status).toBe(405);
  });

  it('refuses a body that is too large', async () => {
    const answer = await get().request(
      'POST',
      get().path('v1', 'configmaps'),
      configMap('huge', { v: 'x'.repeat(4e6) }),
    );
    expect(answer).toMatchObject({ status: 413, body: { reason: 'RequestEntityTooLarge' } });
  });

  it('deletes only what the preconditions mean', async () => {
    const { core, namespace } = get();
    await core.createNamespacedConfigMap({ namespace, body: configMap('guarded') });
    const body = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
    expect(await refusal(core.deleteNamespacedConfigMap({ namespace, name: 'guarded', body }))).toMatchObject(
      { code: 409 },
    );
    await core.readNamespacedConfigMap({ namespace, name: 'guarded' });
  });

  it('deletes a collection by selector', async () => {
    const { core, namespace } = get();
    for (const [name, tier] of [
      ['c1', 'x'],
      ['c2', 'x'],
      ['c3', 'y'],
    ] as const) {
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { tier } } } });
    }
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'tier=x' });
    const left = await core.listNamespacedConfigMap({ namespace, labelSelector: 'tier' });
    expect(left.items.map((item) => item.metadata?.name)).toEqual(['c3']);
  });

  it('lists page by page', async () => {
    const { core, namespace } = get();
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5']) {
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name, labels: { page: 'yes' } } },
      });
    }
    const names: string[] = [];
    let next: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        namespace,
        labelSelector: 'page=yes',
        limit: 2,
        _continue: next,
      });
      expect(page.items.length).toBeLessThanOrEqual(2);
      names.push(...page.items.map((item) => item.metadata?.name ?? ''));
      next = page.metadata?._continue;
    } while (next);
    expect(names).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
  });

  it.each([
    ['app=a', ['s1', 's2']],
    ['app!=a', ['s3', 's4']],
    ['app in (a,b),tier', ['s1', 's3']],
    ['app notin (a,b)', ['s4']],
    ['!app', ['s4']],
    ['app==a,!tier', ['s2']],
  ])('selects by labels %s', async (labelSelector, expected) => {
    const { core, namespace } = get();
    const labels: Record<string, Record<string, string>> = {
      s1: { sel: '1', app: 'a', tier: 'x' },
      s2: { sel: '1', app: 'a' },
      s3: { sel: '1', app: 'b', tier: 'y' },
      s4: { sel: '1' },
    };
    for (const [name, set] of Object.entries(labels)) {
      await get().request('POST', get().path('v1', 'configmaps'), { metadata: { name, labels: set } });
    }
    const found = await core.listNamespacedConfigMap({ namespace, labelSelector: `sel=1,${labelSelector}` });
    expect(found.items.map((item) => item.metadata?.name)).toEqual(expected);
  });

  it('selects by fields', async () => {
    const { core, namespace } = get();
    await core.createNamespacedConfigMap({ namespace, body: configMap('field') });
    const found = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=field' });
    expect(found.items).toHaveLength(1);
    expect(
      await refusal(core.listNamespacedConfigMap({ namespace, fieldSelector: 'data.x=1' })),
    ).toMatchObject({ code: 400 });
    expect(await refusal(core.listNamespacedConfigMap({ namespace, labelSelector: 'a=(b' }))).toMatchObject({
      code: 400,
    });
  });

  it('keeps a deleted object until its finalizers are gone, and adds none', async () => {
    const { core, namespace } = get();
    const body = { metadata: { name: 'final', finalizers: ['penstock.dev/hold'] } };
    await core.createNamespacedConfigMap({ namespace, body });
    await core.deleteNamespacedConfigMap({ namespace, name: 'final' });
    const held = await core.readNamespacedConfigMap({ namespace, name: 'final' });
    expect(held.metadata?.deletionTimestamp).toBeInstanceOf(Date);
    const more = {
      ...held,
      metadata: { ...held.metadata, finalizers: ['penstock.dev/hold', 'penstock.dev/more'] },
    };
    expect(
      (await refusal(core.replaceNamespacedConfigMap({ namespace, name: 'final', body: more }))).code,
    ).toBe(422);
    await core.replaceNamespacedConfigMap({
      namespace,
      name: 'final',
      body: { ...held, metadata: { ...held.metadata, finalizers: [] } },
    });
    expect((await refusal(core.readNamespacedConfigMap({ namespace, name: 'final' }))).code).toBe(404);
  });

  it('deletes dependents after their owner, or orphans them', async () => {
    const { core, namespace } = get();
    for (const policy of ['Background', 'Foreground', 'Orphan']) {
      const name = `owner-${policy.toLowerCase()}`;
      const owner = await core.createNamespacedConfigMap({ namespace, body: configMap(name) });
      const ownerReferences = [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name,
          uid: owner.metadata?.uid ?? '',
          blockOwnerDeletion: true,
        },
      ];
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: `${name}-child`, ownerReferences } },
      });
      await core.deleteNamespacedConfigMap({ namespace, name, propagationPolicy: policy });
      await eventually(async () =>
        expect((await refusal(core.readNamespacedConfigMap({ namespace, name }))).code).toBe(404),
      );
      if (policy === 'Orphan') {
        const child = await core.readNamespacedConfigMap({ namespace, name: `${name}-child` });
        expect(child.metadata?.ownerReferences ?? []).toEqual([]);
      } else {
        const child = core.readNamespacedConfigMap.bind(core);
        await eventually(async () =>
          expect((await refusal(child({ namespace, name: `${name}-child` }))).code).toBe(404),
        );
      }
    }
  });

  it('deletes a namespace with all it holds, and takes nothing new meanwhile', async () => {
    const { core } = get();
    const name = `${get().namespace}-gone`;
    await core.createNamespace({ body: { metadata: { name } } });
    const held = { metadata: { name: 'held', finalizers: ['penstock.dev/hold'] } };
    await core.createNamespacedConfigMap({ namespace: name, body: held });
    await core.createNamespacedConfigMap({ namespace: name, body: { metadata: { name: 'free' } } });
    await core.deleteNamespace({ name });
    expect((await core.readNamespace({ name })).status?.phase).toBe('Terminating');
    await eventually(async () =>
      expect((await refusal(core.readNamespacedConfigMap({ namespace: name, name: 'free' }))).code).toBe(404),
    );
    expect(
      await refusal(
        core.createNamespacedConfigMap({ namespace: name, body: { metadata: { name: 'late' } } }),
      ),
    ).toMatchObject({
      code: 403,
      reason: 'Forbidden',
    });
    const current = await core.readNamespacedConfigMap({ namespace: name, name: 'held' });
    await core.replaceNamespacedConfigMap({
      namespace: name,
      name: 'held',
      body: { ...current, metadata: { ...current.metadata, finalizers: [] } },
    });
    await eventually(
      async () => expect((await refusal(core.readNamespace({ name }))).code).toBe(404),
      20_000,
    );
    expect(
      await refusal(core.createNamespacedConfigMap({ namespace: name, body: { metadata: { name: 'x' } } })),
    ).toMatchObject({ code: 404 });
  });
}
