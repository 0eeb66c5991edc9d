import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

interface Pod {
  readonly spec: { containers: Record<string, unknown>[]; [field: string]: unknown };
  readonly metadata: {
    managedFields: { manager: string; operation: string; fieldsV1: unknown }[];
    labels?: unknown;
  };
}

/** Changing parts of objects. */
export function describePatches(get: () => ContractCluster): void {
  const patch = (path: string, type: string, body: unknown): Promise<RawAnswer> =>
    get().request('PATCH', path, body, { 'content-type': type });
  const map = (name: string) => get().path('v1', 'configmaps', name);
  const apply = (name: string, manager: string, data: unknown, query = '') =>
    patch(`${map(name)}?fieldManager=${manager}${query}`, APPLY, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    });
  const created = async (name: string, data: Record<string, string>) => {
    await get().core.createNamespacedConfigMap({
      namespace: get().namespace,
      body: { metadata: { name }, data },
    });
    return map(name);
  };
  const pod = (name: string, manager: string, containers: unknown[], query = '') =>
    patch(`${get().path('v1', 'pods', name)}?fieldManager=${manager}${query}`, APPLY, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      // Scheduled by nobody, so that the pod stays as it is.
      spec: { schedulerName: 'nobody', containers },
    });

  it('merges, and removes what is null', async () => {
    const path = await created('merge', { a: '1', b: '2' });
    const answer = await patch(path, MERGE, { data: { a: null, c: '3' } });
    expect(answer).toMatchObject({ status: 200, body: { data: { b: '2', c: '3' } } });
    expect(answer.body['data'] as object).not.toHaveProperty('a');
    expect((await patch(path, MERGE, '[1]')).status).toBe(400);
  });

  it('refuses a patch that names another resourceVersion', async () => {
    const path = await created('merge-stale', {});
    expect((await patch(path, MERGE, { metadata: { resourceVersion: '1' }, data: { x: '1' } })).status).toBe(
      409,
    );
  });

  it('carries out JSON patch operations, all or none', async () => {
    const path = await created('json', { a: '1' });
    const done = await patch(path, JSON_PATCH, [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'add', path: '/data/b', value: '3' },
    ]);
    expect(done).toMatchObject({ status: 200, body: { data: { a: '2', b: '3' } } });
    const failed = await patch(path, JSON_PATCH, [
      { op: 'remove', path: '/data/b' },
      { op: 'test', path: '/data/a', value: 'no' },
    ]);
    expect(failed).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect((await get().request('GET', path)).body).toMatchObject({ data: { a: '2', b: '3' } });
  });

  it('replaces what is not there, but removes only what is', async () => {
    const path = await created('lenient', { a: '1' });
    const replaced = await patch(path, JSON_PATCH, [{ op: 'replace', path: '/data/b', value: '2' }]);
    expect(replaced).toMatchObject({ status: 200, body: { data: { a: '1', b: '2' } } });
    expect((await patch(path, JSON_PATCH, [{ op: 'remove', path: '/data/c' }])).status).toBe(422);
  });

  it('merges lists of built-in kinds by their keys', async () => {
    await pod('strategic', 'creator', [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ]);
    const answer = await patch(get().path('v1', 'pods', 'strategic'), STRATEGIC, {
      spec: { containers: [{ name: 'b', image: 'b:2' }] },
    });
    expect(answer.status).toBe(200);
    const { spec } = answer.body as unknown as Pod;
    expect(spec.containers.map((c) => [c['name'], c['image']])).toEqual([
      ['a', 'a:1'],
      ['b', 'b:2'],
    ]);
  });

  it('refuses changes of a pod that cannot be', async () => {
    await pod('fixed', 'creator', [{ name: 'a', image: 'a:1' }]);
    const answer = await patch(get().path('v1', 'pods', 'fixed'), MERGE, {
      spec: { restartPolicy: 'Never' },
    });
    expect(answer).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', details: { causes: [{ field: 'spec' }] } },
    });
  });

  it('applies: creates, then owns exactly what it names', async () => {
    expect((await apply('owned', 'alpha', { a: '1', b: '2' })).status).toBe(201);
    const second = await apply('owned', 'alpha', { b: '2', c: '3' });
    expect(second.status).toBe(200);
    expect(second.body['data']).toEqual({ b: '2', c: '3' });
    const { managedFields } = (second.body as unknown as Pod).metadata;
    expect(managedFields).toMatchObject([
      {
        manager: 'alpha',
        operation: 'Apply',
        fieldsType: 'FieldsV1',
        apiVersion: 'v1',
        fieldsV1: { 'f:data': { 'f:b': {}, 'f:c': {} } },
      },
    ]);
  });

  it('refuses to change what another manager owns, unless forced', async () => {
    await apply('contested', 'alpha', { a: '1', shared: 'same' });
    const conflict = await apply('contested', 'beta', { a: '2', shared: 'same' });
    expect(conflict).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect(conflict.body.details?.causes).toEqual([
      expect.objectContaining({
        reason: 'FieldManagerConflict',
        field: '.data.a',
        message: expect.stringContaining('"alpha"'),
      }),
    ]);
    const forced = await apply('contested', 'beta', { a: '2', shared: 'same' }, '&force=true');
    expect(forced.body['data']).toEqual({ a: '2', shared: 'same' });
    // What both own stays when one lets go; what alpha lost is not alpha's to remove.
    const released = await apply('contested', 'alpha', {});
    expect(released.body['data']).toEqual({ a: '2', shared: 'same' });
  });

  it('counts an ordinary write as ownership', async () => {
    const path = await created('written', { a: '1' });
    await patch(`${path}?fieldManager=editor`, MERGE, { data: { a: '2' } });
    const conflict = await apply('written', 'gamma', { a: '3' });
    expect(conflict.status).toBe(409);
    expect(conflict.body.message).toContain('editor');
  });

  it('takes ownership from whoever had it', async () => {
    await apply('taken-over', 'delta', { a: '1', b: '1' });
    const changed = await patch(`${map('taken-over')}?fieldManager=editor`, MERGE, { data: { a: '2' } });
    const owners = (changed.body as unknown as Pod).metadata.managedFields.map((e) => [
      e.manager,
      e.fieldsV1,
    ]);
    expect(owners).toEqual(
      expect.arrayContaining([
        ['delta', { 'f:data': { 'f:b': {} } }],
        ['editor', { 'f:data': { 'f:a': {} } }],
      ]),
    );
    const less = await apply('taken-over', 'delta', {});
    expect(less.body['data']).toEqual({ a: '2' });
  });

  it('applies list items by key, and drops only its own', async () => {
    await pod('items', 'alpha', [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ]);
    const answer = await pod('items', 'beta', [{ name: 'a', image: 'a:2' }], '&force=true');
    const { spec } = answer.body as unknown as Pod;
    expect(spec.containers.map((c) => c['image'])).toEqual(['a:2', 'b:1']);
  });

  it('needs a field manager to apply', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nobody' } };
    const answer = await patch(map('nobody'), APPLY, body);
    expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(answer.body.details?.causes).toEqual([
      expect.objectContaining({ reason: 'FieldValueRequired', field: 'fieldManager' }),
    ]);
  });

  it('refuses media types it cannot patch with', async () => {
    const path = await created('media', {});
    expect((await patch(path, 'text/plain', 'x')).status).toBe(415);
  });
}
