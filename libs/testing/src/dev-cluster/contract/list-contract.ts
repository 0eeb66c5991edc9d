import { beforeAll, expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const METADATA = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' };
const METADATA_LIST = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };

interface Table {
  readonly columnDefinitions: { name: string; type: string; priority: number }[];
  readonly rows: {
    cells: unknown[];
    object?: { kind: string; metadata: { name: string }; data?: unknown };
  }[];
}

/** Lists: of which state, how much at once, and in which form. */
export function describeLists(get: () => ContractCluster): void {
  const path = () => get().path('v1', 'configmaps');
  const list = (query: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    get().request('GET', `${path()}?labelSelector=list${query}`, undefined, headers);
  const names = ({ body }: RawAnswer): string[] =>
    (body.items ?? []).map((item) => (item.metadata as { name: string }).name);
  const create = (name: string) =>
    get().request('POST', path(), { metadata: { name, labels: { list: 'yes' } }, data: { a: '1' } });

  beforeAll(async () => {
    for (const name of ['l1', 'l2', 'l3', 'l4']) await create(name);
  });

  it('does not repeat the kind in the items of built-in kinds', async () => {
    const { body } = await list('&limit=1');
    expect(body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(body.items?.[0]).not.toHaveProperty('kind');
    expect(body.items?.[0]).not.toHaveProperty('apiVersion');
  });

  it('shows on all pages the state of the first', async () => {
    const first = await list('&limit=2');
    await create('l2-later');
    await get().request('DELETE', `${path()}/l4`);
    const seen: string[] = [];
    for (let page = first; ; ) {
      seen.push(...names(page));
      expect(page.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
      const token = page.body.metadata.continue;
      if (!token) break;
      page = await list(`&limit=2&continue=${encodeURIComponent(token)}`);
    }
    expect(seen).toEqual(['l1', 'l2', 'l3', 'l4']);
    await get().request('DELETE', `${path()}/l2-later`);
    await create('l4');
  });

  it('counts what is left where it selects nothing', async () => {
    const all = await get().request('GET', `${path()}?limit=1`);
    expect(all.body.metadata['remainingItemCount']).toBeGreaterThanOrEqual(3);
    expect((await list('&limit=1')).body.metadata['remainingItemCount']).toBeUndefined();
  });

  it('shows a past state exactly', async () => {
    const { resourceVersion } = (await list('')).body.metadata;
    await get().request('DELETE', `${path()}/l3`);
    await create('l5');
    const exact = await list(`&resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`);
    expect(names(exact)).toEqual(['l1', 'l2', 'l3', 'l4']);
    expect(exact.body.metadata.resourceVersion).toBe(resourceVersion);
    const newer = await list(`&resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`);
    expect(Number(newer.body.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(resourceVersion));
    await create('l3');
    await get().request('DELETE', `${path()}/l5`);
  });

  it.each([
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    ['resourceVersion=1&resourceVersionMatch=Odd', 422, 'Unsupported value: "Odd"'],
    ['resourceVersion=0&resourceVersionMatch=Exact', 422, 'resourceVersionMatch "exact" is forbidden'],
    ['watch=true&sendInitialEvents=true', 422, 'sendInitialEvents requires setting resourceVersionMatch'],
    ['watch=true&resourceVersionMatch=NotOlderThan', 422, 'forbidden for watch unless sendInitialEvents'],
    ['continue=nonsense', 400, 'continue key is not valid'],
    ['resourceVersion=x', 400, 'resourceVersion'],
    ['resourceVersion=99999999999', 504, 'Too large resource version'],
  ])('refuses %s with %i', async (query, status, message) => {
    const answer = await get().request('GET', `${path()}?${query}`);
    expect(answer).toMatchObject({ status, body: { kind: 'Status', code: status } });
    expect(answer.body.message).toContain(message);
  });

  it('shows rows for people', async () => {
    const table = (await list('&limit=2', TABLE)).body as unknown as Table & RawAnswer['body'];
    expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(table.metadata.continue).toBeTruthy();
    expect(table.columnDefinitions.map((c) => c.name)).toEqual(['Name', 'Data', 'Age']);
    expect(table.rows.map(({ cells }) => cells.slice(0, 2))).toEqual([
      ['l1', 1],
      ['l2', 1],
    ]);
    expect(table.rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'l1' } });
  });

  it('adds to the rows as much of the objects as asked', async () => {
    const rows = async (include: string) =>
      ((await list(`&limit=1&includeObject=${include}`, TABLE)).body as unknown as Table).rows[0];
    expect((await rows('None'))?.object).toBeNull();
    expect((await rows('Object'))?.object).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } });
    const one = await get().request('GET', `${path()}/l1`, undefined, TABLE);
    expect((one.body as unknown as Table).rows).toHaveLength(1);
  });

  it.each([
    [
      '/api/v1/pods',
      ['Name', 'Ready', 'Status', 'Restarts', 'Age'],
      ['IP', 'Node', 'Nominated Node', 'Readiness Gates'],
    ],
    ['/api/v1/nodes', ['Name', 'Status', 'Roles', 'Age', 'Version'], undefined],
    ['/api/v1/events', ['Last Seen', 'Type', 'Reason', 'Object', 'Message'], undefined],
    ['/api/v1/services', ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age'], ['Selector']],
    [
      '/apis/apps/v1/deployments',
      ['Name', 'Ready', 'Up-to-date', 'Available', 'Age'],
      ['Containers', 'Images', 'Selector'],
    ],
    [
      '/apis/apps/v1/replicasets',
      ['Name', 'Desired', 'Current', 'Ready', 'Age'],
      ['Containers', 'Images', 'Selector'],
    ],
    [
      '/apis/autoscaling/v2/horizontalpodautoscalers',
      ['Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'],
      [],
    ],
    ['/apis/scheduling.k8s.io/v1alpha2/podgroups', ['Name', 'Policy', 'Workload', 'Status', 'Age'], []],
    ['/apis/resource.k8s.io/v1/resourceclaims', ['Name', 'State', 'Age'], []],
    ['/apis/resource.k8s.io/v1/resourceslices', ['Name', 'Node', 'Driver', 'Pool', 'Age'], []],
    [
      '/apis/scheduling.k8s.io/v1/priorityclasses',
      ['Name', 'Value', 'Global-Default', 'Age', 'PreemptionPolicy'],
      [],
    ],
    [
      '/apis/policy/v1/poddisruptionbudgets',
      ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions', 'Age'],
      [],
    ],
    ['/apis/coordination.k8s.io/v1/leases', ['Name', 'Holder', 'Age'], []],
  ] as [string, string[], string[] | undefined][])(
    'names the columns of %s',
    async (target, narrow, wide) => {
      const { columnDefinitions } = (await get().request('GET', target, undefined, TABLE))
        .body as unknown as Table;
      const shown = (isWide: boolean): string[] =>
        columnDefinitions.filter(({ priority }) => priority > 0 === isWide).map((c) => c.name);
      expect(shown(false)).toEqual(narrow);
      if (wide) expect(shown(true)).toEqual(wide);
    },
  );

  it('shows only metadata when that is asked for', async () => {
    const one = await get().request('GET', `${path()}/l1`, undefined, METADATA);
    expect(one.body).toMatchObject({
      kind: 'PartialObjectMetadata',
      metadata: { name: 'l1', labels: { list: 'yes' } },
    });
    expect(one.body).not.toHaveProperty('data');
    const all = await list('', METADATA_LIST);
    expect(all.body.kind).toBe('PartialObjectMetadataList');
    expect(names(all)).toEqual(['l1', 'l2', 'l3', 'l4']);
    expect((await get().request('GET', path(), undefined, { accept: 'text/html' })).status).toBe(406);
  });

  it('shows what its selector selects, field by field', async () => {
    const pod = (name: string, spec: object) => ({
      metadata: { name, labels: { fields: 'yes' } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'i' }], ...spec },
    });
    await get().request('POST', get().path('v1', 'pods'), pod('f1', { restartPolicy: 'Never' }));
    await get().request('POST', get().path('v1', 'pods'), pod('f2', {}));
    const found = async (selector: string): Promise<string[]> =>
      names(
        await get().request(
          'GET',
          `${get().path('v1', 'pods')}?labelSelector=fields&fieldSelector=${encodeURIComponent(selector)}`,
        ),
      );
    expect(await found('spec.restartPolicy=Never')).toEqual(['f1']);
    expect(await found('spec.restartPolicy!=Never,status.phase=Pending')).toEqual(['f2']);
    expect(await found('spec.schedulerName=nobody')).toEqual(['f1', 'f2']);
    expect(await found('spec.nodeName!=')).toEqual([]);
  });

  it('follows changes as rows, the first with its columns', async () => {
    const { resourceVersion } = (await list('')).body.metadata;
    const query = `?watch=true&timeoutSeconds=3&labelSelector=list&resourceVersion=${resourceVersion}`;
    const watching = get().request('GET', path() + query, undefined, TABLE);
    await create('l9');
    await get().request('DELETE', `${path()}/l9`);
    const lines = String((await watching).body)
      .split('\n')
      .filter(Boolean);
    const seen = lines.map((line) => JSON.parse(line) as { type: string; object: Table });
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    expect(seen[0]?.object.columnDefinitions).toHaveLength(3);
    expect(seen[1]?.object.columnDefinitions ?? []).toHaveLength(0);
    expect(seen[1]?.object.rows[0]?.cells[0]).toBe('l9');
  });
}
