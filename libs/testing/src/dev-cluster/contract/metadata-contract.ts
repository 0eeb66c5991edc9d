import { expect, it } from '@jest/globals';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

/** What metadata may say, what of it never changes, and how exact a custom resource must be about itself. */
export function describeMetadata(get: () => ContractCluster): void {
  const maps = (name?: string) => get().path('v1', 'configmaps', name);
  const create = (name: string, metadata: object = {}): Promise<RawAnswer> =>
    get().request('POST', maps(), { metadata: { name, ...metadata } });
  const patch = (path: string, metadata: object): Promise<RawAnswer> =>
    get().request('PATCH', path, { metadata }, { 'content-type': 'application/merge-patch+json' });
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'some' };

  it.each([
    [
      'an owner without uid',
      { ownerReferences: [{ ...owner, uid: undefined }] },
      'metadata.ownerReferences.uid',
      'Invalid value: "": must not be empty',
    ],
    [
      'an owner without kind',
      { ownerReferences: [{ ...owner, kind: '' }] },
      'metadata.ownerReferences.kind',
      'Invalid value: "": must not be empty',
    ],
    [
      'an owner of no version',
      { ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] },
      'metadata.ownerReferences.apiVersion',
      'Invalid value: "a/b/c": version must not be empty',
    ],
    [
      'two controllers',
      {
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, name: 'other', uid: 'other', controller: true },
        ],
      },
      'metadata.ownerReferences',
      'Only one reference can have Controller set to true. Found "true" in references for ConfigMap/owner and ConfigMap/other',
    ],
    [
      'an Event as owner',
      { ownerReferences: [{ ...owner, kind: 'Event' }] },
      'metadata.ownerReferences',
      '/v1, Kind=Event is disallowed from being an owner',
    ],
    ['a finalizer that is no name', { finalizers: ['B A D/x'] }, 'metadata.finalizers', '"B A D/x"'],
    ['too long a label', { labels: { ['x'.repeat(64)]: 'x' } }, 'metadata.labels', 'xxxxx'],
  ])('refuses %s', async (_what, metadata, field, message) => {
    const answer = await create('bad-metadata', metadata);
    expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(answer.body.details?.causes).toContainEqual({
      field,
      reason: 'FieldValueInvalid',
      message: expect.stringContaining(message),
    });
  });

  it('refuses annotations above 256 KiB', async () => {
    const answer = await create('wordy', { annotations: { a: 'x'.repeat(263_000) } });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        message:
          'ConfigMap "wordy" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
      },
    });
  });

  it('lets nobody change the identity of an object, or mark it deleted by hand', async () => {
    const { body } = await create('fixed-identity');
    const path = maps('fixed-identity');
    for (const metadata of [{ uid: 'other' }, { deletionTimestamp: '2020-01-01T00:00:00Z' }]) {
      const answer = await patch(path, metadata);
      expect(answer.status).toBe(422);
      expect(answer.body.details?.causes).toContainEqual(
        expect.objectContaining({
          field: `metadata.${Object.keys(metadata)[0]}`,
          message: expect.stringContaining('field is immutable'),
        }),
      );
    }
    // A replacement by another object of the name is a conflict.
    const other = { ...body, metadata: { ...body.metadata, uid: 'other' } };
    expect((await get().request('PUT', path, other)).status).toBe(409);
    const kept = await patch(path, { creationTimestamp: '2020-01-01T00:00:00Z', generation: 9 });
    expect(kept.status).toBe(200);
    expect(kept.body.metadata['creationTimestamp']).toBe(body.metadata['creationTimestamp']);
  });

  it('takes a custom resource only under its own name', async () => {
    const group = 'exact.penstock.dev';
    const names = { plural: 'exacts', kind: 'Exact' };
    const schema = { type: 'object', properties: { spec: { type: 'object' } } };
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
    const path = get().path(`${group}/v1`, names.plural);
    await get().request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${names.plural}.${group}` },
      spec: { group, scope: 'Namespaced', names, versions: [version] },
    });
    const exact = { apiVersion: `${group}/v1`, kind: 'Exact', metadata: { name: 'exact' } };
    const send = (fields: object) => get().request('POST', path, { ...exact, ...fields });
    await eventually(async () => expect((await send({})).status).toBe(201), 20_000);
    expect((await send({ kind: undefined })).status).toBe(400);
    expect((await send({ apiVersion: undefined })).status).toBe(400);
    expect((await send({ apiVersion: `${group}/v2` })).status).toBe(400);
    const otherKind = await send({ kind: 'Other' });
    expect(otherKind).toMatchObject({ status: 422, body: { details: { kind: 'Other', group } } });
    expect(otherKind.body.details?.causes).toEqual([
      { field: 'kind', reason: 'FieldValueInvalid', message: 'Invalid value: "Other": must be Exact' },
    ]);
    const text = await send({ spec: 'text' });
    expect(text.status).toBe(422);
    expect(text.body.details?.causes).toContainEqual({
      field: 'spec',
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "string": spec in body must be of type object: "string"',
    });
  });
}
