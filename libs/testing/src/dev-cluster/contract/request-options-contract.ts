import { expect, it } from '@jest/globals';
import type { ContractCluster } from './contract-cluster.js';

/** What stands in the query or beside the object: options, preconditions, keys. */
export function describeRequestOptions(get: () => ContractCluster): void {
  const maps = (name?: string) => get().path('v1', 'configmaps', name);
  const create = (name: string, fields: object = {}, query = '') =>
    get().request('POST', maps() + query, { metadata: { name }, ...fields });
  const patch = (name: string, type: string, body: unknown, query = '') =>
    get().request('PATCH', maps(name) + query, body, { 'content-type': `application/${type}` });

  it.each([
    [
      'POST',
      '',
      '?dryRun=Some',
      'CreateOptions',
      'dryRun',
      'Unsupported value: ["Some"]: supported values: "All"',
    ],
    [
      'POST',
      '',
      '?fieldValidation=Some',
      'CreateOptions',
      'fieldValidation',
      'Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      'DELETE',
      'options',
      '?propagationPolicy=Some',
      'DeleteOptions',
      'propagationPolicy',
      'Unsupported value: "Some": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'PATCH',
      'options',
      '?force=true',
      'PatchOptions',
      'force',
      'Forbidden: may not be specified for non-apply patch',
    ],
  ])('refuses %s /%s%s', async (method, name, query, kind, field, message) => {
    await create('options');
    const body = method === 'DELETE' ? undefined : { metadata: { name: name || 'other' } };
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await get().request(method, maps(name) + query, body, { 'content-type': type });
    expect(answer).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', message: `${kind}.meta.k8s.io "" is invalid: ${field}: ${message}` },
    });
    expect(answer.body.details).toMatchObject({ group: 'meta.k8s.io', kind, causes: [{ field, message }] });
  });

  it('needs to know the kind that is applied', async () => {
    const answer = await patch(
      'kindless',
      'apply-patch+yaml',
      { metadata: { name: 'kindless' } },
      '?fieldManager=m',
    );
    expect(answer.status).toBe(400);
  });

  it('names the manager who stands in the way', async () => {
    const body = (value: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'owners' },
      data: { a: value },
    });
    await patch('owners', 'apply-patch+yaml', body('1'), '?fieldManager=first');
    const conflict = await patch('owners', 'apply-patch+yaml', body('2'), '?fieldManager=second');
    expect(conflict.body.message).toBe('Apply failed with 1 conflict: conflict with "first": .data.a');
  });

  it('names the kind of what is not as the preconditions say', async () => {
    await create('precise');
    const answer = await get().request('DELETE', maps('precise'), {
      preconditions: { resourceVersion: '1' },
    });
    expect(answer).toMatchObject({ status: 409, body: { details: { name: 'precise', kind: 'ConfigMap' } } });
  });

  it('refuses keys that are none', async () => {
    for (const plural of ['configmaps', 'secrets']) {
      const answer = await get().request('POST', get().path('v1', plural), {
        metadata: { name: 'keys' },
        data: { 'a b': 'eA==' },
      });
      expect(answer.status).toBe(422);
      expect(answer.body.details?.causes).toEqual([
        expect.objectContaining({ field: 'data[a b]', reason: 'FieldValueInvalid' }),
      ]);
    }
  });
}
