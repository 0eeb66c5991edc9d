import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

const MERGE = { 'content-type': 'application/merge-patch+json' };

/** Trying out a change, and what a body says in vain. */
export function describeDryRuns(get: () => ContractCluster): void {
  const maps = (name?: string) => get().path('v1', 'configmaps', name);
  const create = (path: string, body: object): Promise<RawAnswer> => get().request('POST', path, body);
  const pod = (name: string) => ({
    metadata: { name, labels: { dry: 'yes' } },
    spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'i' }] },
  });
  const pods = (name?: string) => get().path('v1', 'pods', name);

  it('changes nothing by any verb', async () => {
    await create(maps(), { metadata: { name: 'dry-run', labels: { dry: 'yes' } }, data: { a: '1' } });
    await create(pods(), pod('dry-run'));
    const deployment = {
      metadata: { name: 'dry-run' },
      spec: {
        paused: true,
        replicas: 0,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'i' }] } },
      },
    };
    const deployments = get().path('apps/v1', 'deployments', 'dry-run');
    await create(get().path('apps/v1', 'deployments'), deployment);
    const before = async () =>
      Promise.all(
        [maps('dry-run'), pods('dry-run')].map(async (path) => (await get().request('GET', path)).body),
      );
    const state = await before();
    const [map] = state;
    const apply = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry-run' }, data: { b: '2' } };
    const binding = { metadata: { name: 'dry-run' }, target: { kind: 'Node', name: 'no-such-node' } };
    const changes: [string, string, object | undefined, Record<string, string>?][] = [
      ['POST', `${maps()}?dryRun=All`, { metadata: { name: 'dry-created' } }],
      ['PUT', `${maps('dry-run')}?dryRun=All`, { ...map, data: { a: '2' } }],
      ['PATCH', `${maps('dry-run')}?dryRun=All`, { data: { a: '3' } }, MERGE],
      [
        'PATCH',
        `${maps('dry-run')}?dryRun=All&fieldManager=m`,
        apply,
        { 'content-type': 'application/apply-patch+yaml' },
      ],
      ['PATCH', `${pods('dry-run')}/status?dryRun=All`, { status: { phase: 'Running' } }, MERGE],
      ['POST', `${pods('dry-run')}/binding?dryRun=All`, binding],
      ['DELETE', `${maps('dry-run')}?dryRun=All`, undefined],
      ['DELETE', maps('dry-run'), { dryRun: ['All'] }],
      ['DELETE', `${maps()}?dryRun=All&labelSelector=dry`, undefined],
      ['PATCH', `${deployments}/scale?dryRun=All`, { spec: { replicas: 4 } }, MERGE],
    ];
    for (const [method, path, body, headers] of changes) {
      const answer = await get().request(method, path, body, headers);
      expect({ method, path, ok: answer.status < 300 }).toEqual({ method, path, ok: true });
    }
    expect(await before()).toEqual(state);
    expect((await get().request('GET', maps('dry-created'))).status).toBe(404);
    expect((await get().request('GET', deployments)).body).toMatchObject({ spec: { replicas: 0 } });
    await get().request('DELETE', deployments);
  });

  it('refuses on a dry run what it would refuse', async () => {
    await create(maps(), { metadata: { name: 'dry-taken' } });
    const answer = await create(`${maps()}?dryRun=All`, { metadata: { name: 'dry-taken' } });
    expect(answer).toMatchObject({ status: 409, body: { reason: 'AlreadyExists' } });
    expect((await create(`${maps()}?dryRun=All`, { metadata: { name: 'Not A Name' } })).status).toBe(422);
  });

  it('hears of fields given twice, and of metadata there is not', async () => {
    const body = (name: string) => `{"metadata":{"name":"${name}","nothing":1},"data":{"a":"1","a":"2"}}`;
    const warned = await get().request('POST', maps(), body('twice'));
    expect(warned).toMatchObject({ status: 201, body: { data: { a: '2' } } });
    expect([...warned.warnings].sort()).toEqual([
      '299 - "duplicate field \\"data.a\\""',
      '299 - "unknown field \\"metadata.nothing\\""',
    ]);
    const strict = await get().request('POST', `${maps()}?fieldValidation=Strict`, body('twice-strict'));
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain('duplicate field "data.a"');
    expect(strict.body.message).toContain('unknown field "metadata.nothing"');
    const patch = (body: string, type = 'merge-patch') =>
      get().request('PATCH', `${maps('twice')}?fieldValidation=Strict`, body, {
        'content-type': `application/${type}+json`,
      });
    for (const answer of [
      await patch('{"data":{"b":"1","b":"2"}}'),
      await patch('{"dat":{"b":"1"}}'),
      await patch('{"data":{"b":1}}'),
      await patch('{"dat":{"b":"1"}}', 'strategic-merge-patch'),
      await patch('[{"op":"add","path":"/dat","value":{}}]', 'json-patch'),
    ]) {
      expect(answer).toMatchObject({
        status: 422,
        body: { reason: 'Invalid', details: { causes: [{ field: 'patch', reason: 'FieldValueInvalid' }] } },
      });
    }
    expect((await get().request('GET', maps('twice'))).body['data']).toEqual({ a: '2' });
  });

  it('follows metadata only, to the mark that all of it is there', async () => {
    await create(maps(), { metadata: { name: 'meta-watched', labels: { meta: 'yes' } }, data: { a: '1' } });
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=2&labelSelector=meta';
    const { body } = await get().request('GET', `${maps()}?${query}`, undefined, { accept });
    const events = String(body)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { type: string; object: Record<string, unknown> });
    expect(events.map(({ type, object }) => [type, object['kind']])).toEqual([
      ['ADDED', 'PartialObjectMetadata'],
      ['BOOKMARK', 'PartialObjectMetadata'],
    ]);
    expect(events[0]?.object).not.toHaveProperty('data');
    expect(events[1]?.object).toMatchObject({
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
  });
}
