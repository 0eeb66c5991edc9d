import { expect, it } from '@jest/globals';
import type { ContractCluster, RawBody } from './contract-cluster.js';

/** Where a strategic merge puts the items of a list, and who owns a list without any. */
export function describeListOrder(get: () => ContractCluster): void {
  const send = (method: string, path: string, body: unknown, type = 'json') =>
    get().request(method, path, body, { 'content-type': `application/${type}` });
  const named = (letters: string) => [...letters].map((name) => ({ name }));
  const lettersOf = ({ spec }: RawBody): string => {
    const { template } = spec as { template: { spec: { containers: { env: { name: string }[] }[] } } };
    return template.spec.containers[0]?.env.map(({ name }) => name).join('') ?? '';
  };

  it.each([
    ['new items', { env: [{ name: 'N', value: '2' }] }, 'NAXCY'],
    [
      'changed items in another order',
      {
        env: [
          { name: 'C', value: '2' },
          { name: 'A', value: '3' },
        ],
      },
      'XCAY',
    ],
    [
      'an order with a new item',
      { '$setElementOrder/env': named('CAMY'), env: [{ name: 'M', value: '1' }] },
      'XCAMY',
    ],
    ['an order alone', { '$setElementOrder/env': named('YA') }, 'XCYA'],
    ['a removal', { env: [{ name: 'X', $patch: 'delete' }] }, 'ACY'],
  ])('merges %s', async (what, patch, expected) => {
    const name = `order-${what.replaceAll(' ', '-')}`;
    const env = named('AXCY').map((item) => ({ ...item, value: '1' }));
    const labels = { order: name };
    const deployments = get().path('apps/v1', 'deployments');
    await send('POST', deployments, {
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'none', env }] } },
      },
    });
    const body = { spec: { template: { spec: { containers: [{ name: 'main', ...patch }] } } } };
    const answer = await send('PATCH', `${deployments}/${name}`, body, 'strategic-merge-patch+json');
    expect(answer.status).toBe(200);
    expect(lettersOf(answer.body)).toBe(expected);
  });

  it('merges lists of texts in the same way', async () => {
    const path = get().path('v1', 'configmaps', 'texts');
    const finalizers = (letters: string) => [...letters].map((letter) => `penstock.dev/${letter}`);
    const merge = async (metadata: object) => {
      const { body } = await send('PATCH', path, { metadata }, 'strategic-merge-patch+json');
      return body.metadata['finalizers'];
    };
    const made = { metadata: { name: 'texts', finalizers: finalizers('ab') } };
    await send('POST', get().path('v1', 'configmaps'), made);
    expect(await merge({ finalizers: finalizers('cb') })).toEqual(finalizers('cab'));
    const order = { '$setElementOrder/finalizers': finalizers('bz'), finalizers: finalizers('z') };
    expect(await merge(order)).toEqual(finalizers('cabz'));
    expect(await merge({ '$deleteFromPrimitiveList/finalizers': finalizers('abcz') })).toBeUndefined();
  });

  it('lets nobody own a keyed list without items', async () => {
    const path = `${get().path('v1', 'pods', 'empty-lists')}?fieldManager=m`;
    const container = { name: 'main', image: 'none', env: [], args: [] };
    const { body } = await send(
      'PATCH',
      path,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'empty-lists' },
        spec: { schedulerName: 'nobody', volumes: [], containers: [container] },
      },
      'apply-patch+yaml',
    );
    expect(body.metadata['managedFields']).toMatchObject([
      {
        fieldsV1: {
          'f:spec': {
            'f:containers': {
              'k:{"name":"main"}': { '.': {}, 'f:args': {}, 'f:image': {}, 'f:name': {} },
            },
            'f:schedulerName': {},
          },
        },
      },
    ]);
    expect(JSON.stringify(body.metadata['managedFields'])).not.toMatch(/f:env|f:volumes/);
  });
}
