import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const V1 = 'resource.k8s.io/v1';

/** Devices: what is there, who asks for them and who has them. */
export function describeDevices(get: () => ContractCluster): void {
  const root = `/apis/${V1}`;
  const causes = (answer: RawAnswer) => (answer.body.details?.causes ?? []).map((c) => [c.field, c.reason]);
  const request = (name: string) => ({ name, exactly: { deviceClassName: 'gpu.example.com' } });
  const claim = (name: string, requests: object[] = [request('gpu')]) => ({
    metadata: { name },
    spec: { devices: { requests } },
  });
  const create = (body: object) => get().request('POST', get().path(V1, 'resourceclaims'), body);
  const path = (name: string) => get().path(V1, 'resourceclaims', name);
  const status = (name: string, body: object) =>
    get().request('PATCH', `${path(name)}/status`, { status: body }, MERGE);
  const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'pool', device: 'gpu-0' };
  const allocation = { devices: { results: [result] } };
  // Not pods: the cluster takes their reservations away where there is no such pod.
  const consumer = (uid: string) => ({ apiGroup: 'example.com', resource: 'jobs', name: `job-${uid}`, uid });

  it('fills in what a request leaves out', async () => {
    const made = await create(claim('filled'));
    expect(made.body['spec']).toEqual({
      devices: {
        requests: [
          {
            name: 'gpu',
            exactly: { deviceClassName: 'gpu.example.com', allocationMode: 'ExactCount', count: 1 },
          },
        ],
      },
    });
    expect(made.body).toMatchObject({ apiVersion: V1, kind: 'ResourceClaim', status: {} });
    const all = { name: 'all', exactly: { deviceClassName: 'gpu.example.com', allocationMode: 'All' } };
    expect(await create(claim('all', [all]))).toMatchObject({ status: 201 });
    const choice = { name: 'one', firstAvailable: [{ name: 'big', deviceClassName: 'gpu.example.com' }] };
    expect(await create(claim('choice', [choice]))).toMatchObject({
      body: {
        spec: { devices: { requests: [{ firstAvailable: [{ allocationMode: 'ExactCount', count: 1 }] }] } },
      },
    });
  });

  it('refuses requests that ask for nothing, or twice by one name', async () => {
    expect(causes(await create(claim('nothing', [{ name: 'x' }])))).toEqual([
      ['spec.devices.requests[0]', 'FieldValueRequired'],
    ]);
    const twice = await create(claim('twice', [request('gpu'), request('gpu')]));
    expect(causes(twice)).toEqual([['spec.devices.requests[1]', 'FieldValueDuplicate']]);
    const unnamed = await create(claim('unnamed', [{ exactly: { deviceClassName: 'c' } }]));
    expect(causes(unnamed).map(([field]) => field)).toEqual(['spec.devices.requests[0].name']);
    const many = Array.from({ length: 33 }, (_, i) => request(`r${i}`));
    expect(causes(await create(claim('many', many)))).toEqual([
      ['spec.devices.requests', 'FieldValueTooMany'],
    ]);
  });

  it('keeps what is asked for', async () => {
    await create(claim('kept'));
    const patch = { spec: { devices: { requests: [request('other')] } } };
    const changed = await get().request('PATCH', path('kept'), patch, MERGE);
    expect(changed.status).toBe(422);
    expect(causes(changed)).toEqual([['spec', 'FieldValueInvalid']]);
  });

  it('reserves only what is allocated, and each consumer once', async () => {
    await create(claim('reserved'));
    expect(causes(await status('reserved', { reservedFor: [consumer('1')] }))).toEqual([
      ['status.reservedFor', 'FieldValueForbidden'],
    ]);
    const taken = await status('reserved', { allocation, reservedFor: [consumer('1')] });
    expect(taken.body).toMatchObject({ status: { allocation, reservedFor: [{ uid: '1' }] } });
    const both = await status('reserved', { reservedFor: [consumer('1'), consumer('2')] });
    expect(both.body).toMatchObject({ status: { reservedFor: [{ uid: '1' }, { uid: '2' }] } });
    const twice = await status('reserved', { reservedFor: [consumer('1'), consumer('1')] });
    expect(twice.status).toBe(422);
  });

  it('takes an allocation back before there is another', async () => {
    await create(claim('moved'));
    await status('moved', { allocation });
    const other = { devices: { results: [{ ...result, device: 'gpu-1' }] } };
    const changed = await status('moved', { allocation: other });
    expect(changed.status).toBe(422);
    expect(causes(changed)).toEqual([['status.allocation', 'FieldValueInvalid']]);
    expect((await status('moved', { allocation: null })).body).toMatchObject({ status: {} });
    expect((await status('moved', { allocation: other })).status).toBe(200);
  });

  it('adds consumers to a claim only while it is not going', async () => {
    await create({ ...claim('going'), metadata: { name: 'going', finalizers: ['penstock.dev/hold'] } });
    await status('going', { allocation, reservedFor: [consumer('1')] });
    await get().request('DELETE', path('going'));
    const more = await status('going', { reservedFor: [consumer('1'), consumer('2')] });
    expect(causes(more)).toEqual([['status.reservedFor', 'FieldValueForbidden']]);
    expect((await status('going', { reservedFor: null })).status).toBe(200);
    await get().request('PATCH', path('going'), { metadata: { finalizers: null } }, MERGE);
  });

  it('keeps templates as they are', async () => {
    const body = { metadata: { name: 'template' }, spec: { spec: claim('').spec } };
    const made = await get().request('POST', get().path(V1, 'resourceclaimtemplates'), body);
    expect(made.body).toMatchObject({
      spec: { spec: { devices: { requests: [{ exactly: { count: 1 } }] } } },
    });
    const target = get().path(V1, 'resourceclaimtemplates', 'template');
    const patch = { spec: { spec: { devices: { requests: [request('other')] } } } };
    expect((await get().request('PATCH', target, patch, MERGE)).status).toBe(422);
  });

  it('publishes devices of a node, counted as generations', async () => {
    const name = `${get().namespace}-slice`;
    const device = (at: number, memory: string) => ({
      name: `gpu-${at}`,
      attributes: {
        index: { int: at },
        healthy: { bool: true },
        model: { string: 'H100' },
        driver: { version: '1.2.3' },
      },
      capacity: { memory: { value: memory } },
    });
    const slice = {
      metadata: { name },
      spec: {
        driver: 'gpu.example.com',
        nodeName: 'node-a',
        pool: { name: 'node-a', generation: 1, resourceSliceCount: 1 },
        devices: [device(0, '81920Mi')],
      },
    };
    const made = await get().request('POST', `${root}/resourceslices`, slice);
    expect(made.body).toMatchObject({
      metadata: { generation: 1 },
      spec: { devices: [{ attributes: { index: { int: 0 } }, capacity: { memory: { value: '80Gi' } } }] },
    });
    const selector = encodeURIComponent('spec.nodeName=node-a,spec.driver=gpu.example.com');
    const found = await get().request('GET', `${root}/resourceslices?fieldSelector=${selector}`);
    expect(found.body.items).toHaveLength(1);
    const grown = { spec: { devices: [device(0, '80Gi'), device(1, '80Gi')] } };
    const target = `${root}/resourceslices/${name}`;
    expect((await get().request('PATCH', target, grown, MERGE)).body.metadata['generation']).toBe(2);
    const moved = await get().request('PATCH', target, { spec: { nodeName: 'node-b' } }, MERGE);
    expect(causes(moved)).toEqual([['spec.nodeName', 'FieldValueInvalid']]);
    await get().request('DELETE', target);
    const nowhere = { ...slice, spec: { ...slice.spec, nodeName: undefined } };
    expect(causes(await get().request('POST', `${root}/resourceslices`, nowhere))).toEqual([
      ['spec', 'FieldValueRequired'],
    ]);
    const twice = { ...slice, spec: { ...slice.spec, devices: [device(0, '1Gi'), device(0, '1Gi')] } };
    const refused = await get().request('POST', `${root}/resourceslices`, twice);
    expect(refused.status).toBe(422);
    expect(causes(refused)).toContainEqual(['spec.devices[1]', 'FieldValueDuplicate']);
  });

  it('names classes of devices', async () => {
    const name = `${get().namespace}.example.com`;
    const expression = 'device.driver == "gpu.example.com"';
    const body = { metadata: { name }, spec: { selectors: [{ cel: { expression } }] } };
    const made = await get().request('POST', `${root}/deviceclasses`, body);
    expect(made.body).toMatchObject({
      spec: { selectors: [{ cel: { expression } }] },
      metadata: { generation: 1 },
    });
    await get().request('DELETE', `${root}/deviceclasses/${name}`);
    const bad = { metadata: { name }, spec: { selectors: [{ cel: { expression: 'device.driver ==' } }] } };
    const refused = await get().request('POST', `${root}/deviceclasses`, bad);
    expect(causes(refused)).toEqual([['spec.selectors[0].cel.expression', 'FieldValueInvalid']]);
    expect(refused.body.message).toContain('compilation failed');
  });
}
