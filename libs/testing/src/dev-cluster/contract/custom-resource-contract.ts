import { expect, it } from '@jest/globals';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

/** Custom resource definitions and their objects. */
export function describeCustomResources(get: () => ContractCluster): void {
  const group = 'contract.penstock.dev';
  const definition = (plural: string, kind: string, schema: object, subresources?: object) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, shortNames: [plural.slice(0, 2)] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: schema } },
          ...(subresources ? { subresources } : {}),
        },
      ],
    },
  });
  const path = (plural: string, name?: string) => get().path(`${group}/v1`, plural, name);
  const define = async (body: ReturnType<typeof definition>): Promise<void> => {
    await get().request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body);
    await eventually(async () =>
      expect((await get().request('GET', path(body.spec.names.plural))).status).toBe(200),
    );
  };
  const create = (plural: string, kind: string, name: string, fields: object): Promise<RawAnswer> =>
    get().request('POST', path(plural), { apiVersion: `${group}/v1`, kind, metadata: { name }, ...fields });
  const put = (target: string, body: unknown) => get().request('PUT', target, body);

  const widgetSchema = {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        mode: { type: 'string', enum: ['fast', 'slow'], default: 'fast' },
        port: { 'x-kubernetes-int-or-string': true },
        replicas: { type: 'integer' },
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: {
            type: 'object',
            required: ['id'],
            properties: { id: { type: 'string' }, n: { type: 'integer' } },
          },
        },
      },
    },
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
    },
  };
  const widgets = () =>
    define(
      definition('widgets', 'Widget', widgetSchema, {
        status: {},
        scale: {
          specReplicasPath: '.spec.replicas',
          statusReplicasPath: '.status.replicas',
          labelSelectorPath: '.status.selector',
        },
      }),
    );

  it('establishes a definition and serves its kind', async () => {
    await widgets();
    const found = await get().request(
      'GET',
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`,
    );
    const { conditions } = found.body['status'] as { conditions: { type: string; status: string }[] };
    expect(conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'Established', status: 'True' }),
        expect.objectContaining({ type: 'NamesAccepted', status: 'True' }),
      ]),
    );
    await eventually(async () => {
      const list = await get().request('GET', `/apis/${group}/v1`);
      const names = (list.body['resources'] as { name: string }[]).map((r) => r.name);
      expect(names).toEqual(expect.arrayContaining(['widgets', 'widgets/status', 'widgets/scale']));
    });
  });

  it('fills in defaults and drops unknown fields', async () => {
    await widgets();
    const answer = await create('widgets', 'Widget', 'w1', {
      spec: { size: 3, unknown: 1, free: { any: 'thing' } },
      other: 1,
    });
    expect(answer.status).toBe(201);
    expect(answer.body['spec']).toEqual({ size: 3, mode: 'fast', free: { any: 'thing' } });
    expect(answer.body).not.toHaveProperty('other');
  });

  it('refuses unknown fields when asked to be strict', async () => {
    await widgets();
    const body = {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'strict' },
      spec: { size: 1, sise: 2 },
    };
    const answer = await get().request('POST', `${path('widgets')}?fieldValidation=Strict`, body);
    expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    expect(answer.body.message).toContain('unknown field "spec.sise"');
  });

  it.each([
    ['a missing field', {}, 'spec.size', 'FieldValueRequired', 'Required value'],
    [
      'a wrong type',
      { size: 'big' },
      'spec.size',
      'FieldValueTypeInvalid',
      'must be of type integer: "string"',
    ],
    ['too small', { size: 0 }, 'spec.size', 'FieldValueInvalid', 'should be greater than or equal to 1'],
    ['too large', { size: 11 }, 'spec.size', 'FieldValueInvalid', 'should be less than or equal to 10'],
    [
      'not in the enumeration',
      { size: 1, mode: 'odd' },
      'spec.mode',
      'FieldValueNotSupported',
      'supported values: "fast", "slow"',
    ],
    ['no match', { size: 1, name: 'A1' }, 'spec.name', 'FieldValueInvalid', "should match '^[a-z]+$'"],
    [
      'in a list',
      { size: 1, parts: [{ id: 'a' }, { n: 1 }] },
      'spec.parts[1].id',
      'FieldValueRequired',
      'Required value',
    ],
  ])('refuses %s with path and reason', async (_what, spec, field, reason, message) => {
    await widgets();
    const answer = await create('widgets', 'Widget', 'bad', { spec });
    expect(answer).toMatchObject({ status: 422, body: { kind: 'Status', reason: 'Invalid', code: 422 } });
    expect(answer.body.details?.causes).toEqual([
      expect.objectContaining({ field, reason, message: expect.stringContaining(message) }),
    ]);
    expect(answer.body.message).toContain(`Widget.${group} "bad" is invalid: ${field}`);
  });

  it('takes an integer or a string where either may be', async () => {
    await widgets();
    expect((await create('widgets', 'Widget', 'ios1', { spec: { size: 1, port: 80 } })).status).toBe(201);
    expect((await create('widgets', 'Widget', 'ios2', { spec: { size: 1, port: 'http' } })).status).toBe(201);
    expect((await create('widgets', 'Widget', 'ios3', { spec: { size: 1, port: true } })).status).toBe(422);
  });

  it('keeps spec and status apart, and counts generations', async () => {
    await widgets();
    const first = await create('widgets', 'Widget', 'st', { spec: { size: 1 }, status: { phase: 'Sneaky' } });
    expect(first.body).not.toHaveProperty('status');
    expect(first.body.metadata['generation']).toBe(1);
    const target = path('widgets', 'st');
    const status = await put(`${target}/status`, {
      ...first.body,
      spec: { size: 9 },
      status: { phase: 'Ready' },
    });
    expect(status.body).toMatchObject({
      spec: { size: 1 },
      status: { phase: 'Ready' },
      metadata: { generation: 1 },
    });
    const spec = await put(target, { ...status.body, spec: { size: 2 }, status: { phase: 'Sneaky' } });
    expect(spec.body).toMatchObject({
      spec: { size: 2 },
      status: { phase: 'Ready' },
      metadata: { generation: 2 },
    });
    const labelled = await put(target, {
      ...spec.body,
      metadata: { ...spec.body.metadata, labels: { a: 'b' } },
    });
    expect(labelled.body.metadata['generation']).toBe(2);
  });

  it('needs a resourceVersion to replace', async () => {
    await widgets();
    await create('widgets', 'Widget', 'rv', { spec: { size: 1 } });
    const body = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'rv' }, spec: { size: 2 } };
    const answer = await put(path('widgets', 'rv'), body);
    expect(answer).toMatchObject({
      status: 422,
      body: { details: { causes: [{ field: 'metadata.resourceVersion' }] } },
    });
  });

  it('scales', async () => {
    await widgets();
    const { body } = await create('widgets', 'Widget', 'sc', { spec: { size: 1, replicas: 2 } });
    const target = path('widgets', 'sc');
    await put(`${target}/status`, { ...body, status: { replicas: 1, selector: 'app=sc' } });
    const scale = await get().request('GET', `${target}/scale`);
    expect(scale.body).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=sc' },
    });
    expect((await put(`${target}/scale`, { ...scale.body, spec: { replicas: 5 } })).status).toBe(200);
    expect((await get().request('GET', target)).body).toMatchObject({
      spec: { replicas: 5 },
      metadata: { generation: 2 },
    });
    expect((await put(`${target}/scale`, { ...scale.body, spec: { replicas: 6 } })).status).toBe(409);
  });

  it('applies with the list keys of its schema', async () => {
    await widgets();
    const apply = (manager: string, parts: unknown[]) =>
      get().request(
        'PATCH',
        `${path('widgets', 'ssa')}?fieldManager=${manager}`,
        { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'ssa' }, spec: { size: 1, parts } },
        { 'content-type': 'application/apply-patch+yaml' },
      );
    expect((await apply('one', [{ id: 'a', n: 1 }])).status).toBe(201);
    const both = await apply('two', [{ id: 'b', n: 2 }]);
    expect(both.body['spec']).toMatchObject({
      parts: [
        { id: 'a', n: 1 },
        { id: 'b', n: 2 },
      ],
    });
    const less = await apply('one', []);
    expect(less.body['spec']).toMatchObject({ parts: [{ id: 'b', n: 2 }] });
  });

  it('refuses strategic merge patches', async () => {
    await widgets();
    await create('widgets', 'Widget', 'smp', { spec: { size: 1 } });
    const headers = { 'content-type': 'application/strategic-merge-patch+json' };
    expect(
      (await get().request('PATCH', path('widgets', 'smp'), { spec: { size: 2 } }, headers)).status,
    ).toBe(415);
  });

  it('refuses a definition that cannot be served', async () => {
    const bad = definition('things', 'Thing', {});
    bad.metadata.name = 'other.name';
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    expect(await get().request('POST', crds, bad)).toMatchObject({
      status: 422,
      body: { reason: 'Invalid' },
    });
  });

  it('takes objects away with their definition', async () => {
    await define(definition('gadgets', 'Gadget', {}));
    await create('gadgets', 'Gadget', 'g1', {});
    const log = await get().watch(path('gadgets'), {});
    await log.take(1);
    await get().request('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.${group}`);
    await eventually(async () => expect((await get().request('GET', path('gadgets'))).status).toBe(404));
    await log.take(2);
    expect(log.summary).toEqual(['ADDED g1', 'DELETED g1']);
    log.stop();
  });
}
