import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Record<string, unknown>;
}

/** Who owns which field of a built-in kind, and what becomes of it. */
export function describeOwnership(get: () => ContractCluster): void {
  const labels = { app: 'owned' };
  const deployment = (name: string, containers: object[], spec: object = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      paused: true,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      ...spec,
    },
  });
  const path = (name: string) => get().path('apps/v1', 'deployments', name);
  const apply = (name: string, manager: string, containers: object[], spec: object = {}, query = '') =>
    get().request(
      'PATCH',
      `${path(name)}?fieldManager=${manager}${query}`,
      deployment(name, containers, spec),
      APPLY,
    );
  const owners = ({ body }: RawAnswer): Entry[] => body.metadata['managedFields'] as Entry[];
  const containers = ({ body }: RawAnswer): { name: string; image?: string; [field: string]: unknown }[] =>
    (body['spec'] as { template: { spec: { containers: [] } } }).template.spec.containers;

  it('gives the creator what it set and what was filled in, but not what is always there', async () => {
    const body = deployment('created', [{ name: 'a', image: 'i', env: [{ name: 'A', value: '1' }] }]);
    const answer = await get().request(
      'POST',
      `${get().path('apps/v1', 'deployments')}?fieldManager=maker`,
      body,
    );
    const [entry] = owners(answer);
    expect(entry).toMatchObject({ manager: 'maker', operation: 'Update', apiVersion: 'apps/v1' });
    expect(entry?.fieldsV1).toMatchObject({
      'f:spec': {
        'f:paused': {},
        'f:progressDeadlineSeconds': {},
        'f:selector': {},
        'f:strategy': {
          'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
          'f:type': {},
        },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:env': { '.': {}, 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                'f:image': {},
                'f:imagePullPolicy': {},
                'f:resources': {},
              },
            },
            'f:securityContext': {},
          },
        },
      },
    });
    expect(entry?.fieldsV1['f:spec']).not.toHaveProperty('.');
  });

  it('gives an applier exactly what it names', async () => {
    const answer = await apply('applied', 'alpha', [{ name: 'a', image: 'i' }]);
    expect(answer.status).toBe(201);
    expect(owners(answer)).toEqual([
      expect.objectContaining({
        manager: 'alpha',
        operation: 'Apply',
        fieldsV1: {
          'f:spec': {
            'f:paused': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
            },
          },
        },
      }),
    ]);
  });

  it('merges containers, ports and variables of several appliers', async () => {
    const port = (containerPort: number, protocol?: string) => ({
      containerPort,
      ...(protocol ? { protocol } : {}),
    });
    await apply('several', 'alpha', [
      { name: 'a', image: 'i', ports: [port(80)], env: [{ name: 'A', value: '1' }] },
    ]);
    const both = await apply('several', 'beta', [
      { name: 'a', ports: [port(80, 'UDP')], env: [{ name: 'B', value: '2' }] },
      { name: 'b', image: 'j' },
    ]);
    expect(both.status).toBe(200);
    expect(containers(both)[0]).toMatchObject({
      ports: [port(80, 'TCP'), port(80, 'UDP')],
      env: [{ name: 'A' }, { name: 'B' }],
    });
    const less = await apply('several', 'beta', [{ name: 'b', image: 'j' }]);
    expect(containers(less)).toMatchObject([
      { name: 'a', ports: [port(80, 'TCP')], env: [{ name: 'A' }] },
      { name: 'b' },
    ]);
    const alone = await apply('several', 'beta', []);
    expect(containers(alone).map((c) => c.name)).toEqual(['a']);
  });

  it('takes a field away with all that was filled in below it', async () => {
    const probe = { readinessProbe: { httpGet: { port: 80 } } };
    const first = await apply('filled', 'alpha', [{ name: 'a', image: 'i', ...probe }]);
    expect(containers(first)[0]).toMatchObject({ readinessProbe: { periodSeconds: 10 } });
    const second = await apply('filled', 'alpha', [{ name: 'a', image: 'i' }]);
    expect(containers(second)[0]).not.toHaveProperty('readinessProbe');
  });

  it('lays items over those there are in the order they are applied in', async () => {
    const named = (...names: string[]) => names.map((name) => ({ name, image: 'i' }));
    await apply('ordered', 'alpha', named('a', 'b'));
    const added = await apply('ordered', 'beta', named('x', 'b'), {}, '&force=true');
    expect(containers(added).map((c) => c.name)).toEqual(['a', 'x', 'b']);
    const turned = await apply('ordered', 'beta', named('b', 'x'), {}, '&force=true');
    expect(containers(turned).map((c) => c.name)).toEqual(['a', 'b', 'x']);
  });

  it('forgets who owned parts of what is gone', async () => {
    await apply('forgotten', 'alpha', [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ]);
    const body = { spec: { template: { spec: { containers: [{ name: 'b', image: 'j' }] } } } };
    const headers = { 'content-type': 'application/strategic-merge-patch+json' };
    await get().request('PATCH', `${path('forgotten')}?fieldManager=editor`, body, headers);
    const less = await apply('forgotten', 'alpha', [{ name: 'a', image: 'i' }]);
    expect(containers(less).map((c) => c.name)).toEqual(['a']);
    expect(owners(less).map(({ manager }) => manager)).not.toContain('editor');
  });

  it('names all managers and fields in the way', async () => {
    await apply('contested', 'alpha', [{ name: 'a', image: 'i' }], { replicas: 0 });
    await get().request(
      'PATCH',
      `${path('contested')}?fieldManager=editor`,
      { spec: { minReadySeconds: 5 } },
      MERGE,
    );
    const conflict = await apply('contested', 'beta', [{ name: 'a', image: 'j' }], {
      replicas: 1,
      minReadySeconds: 6,
    });
    expect(conflict).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect(conflict.body.message).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "alpha":',
        '- .spec.replicas',
        '- .spec.template.spec.containers[name="a"].image',
        'conflicts with "editor" using apps/v1:',
        '- .spec.minReadySeconds',
      ].join('\n'),
    );
    const forced = await apply(
      'contested',
      'beta',
      [{ name: 'a', image: 'j' }],
      { replicas: 1, minReadySeconds: 6 },
      '&force=true',
    );
    expect(forced.status).toBe(200);
    const managers = owners(forced).map(({ manager }) => manager);
    expect(managers).toEqual(expect.arrayContaining(['alpha', 'beta']));
    expect(managers).not.toContain('editor');
  });

  it('leaves the scale to whoever scales', async () => {
    const only = [{ name: 'a', image: 'i' }];
    const scale = (replicas: number) =>
      get().request('PATCH', `${path('scaling')}/scale?fieldManager=scaler`, { spec: { replicas } }, MERGE);
    await apply('scaling', 'alpha', only);
    await scale(2);
    expect((await apply('scaling', 'alpha', only)).body).toMatchObject({ spec: { replicas: 2 } });
    // Nobody owned the replicas, so the scaler does not either.
    expect((await apply('scaling', 'alpha', only, { replicas: 1 })).body).toMatchObject({
      spec: { replicas: 1 },
    });
    await scale(3);
    const owner = owners(await get().request('GET', path('scaling'))).find((o) => o.manager === 'scaler');
    expect(owner).toMatchObject({
      operation: 'Update',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    const conflict = await apply('scaling', 'alpha', only, { replicas: 1 });
    expect(conflict.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  it('takes over what kubectl applied before, and keeps its record', async () => {
    const map = (data: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'migrated' },
      data,
    });
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(map({ a: '1' })),
    };
    const created = { ...map({ a: '1' }), metadata: { name: 'migrated', annotations } };
    const maps = get().path('v1', 'configmaps');
    await get().request('POST', `${maps}?fieldManager=kubectl-client-side-apply`, created);
    const stranger = await get().request(
      'PATCH',
      `${maps}/migrated?fieldManager=other`,
      map({ a: '2' }),
      APPLY,
    );
    expect(stranger.status).toBe(409);
    const taken = await get().request(
      'PATCH',
      `${maps}/migrated?fieldManager=kubectl`,
      map({ a: '2' }),
      APPLY,
    );
    expect(taken).toMatchObject({ status: 200, body: { data: { a: '2' } } });
    const record = (taken.body.metadata['annotations'] as Record<string, string>)[
      'kubectl.kubernetes.io/last-applied-configuration'
    ];
    expect(JSON.parse(record ?? '')).toMatchObject({ data: { a: '2' }, metadata: { name: 'migrated' } });
  });

  it('lets clients rewrite and clear ownership', async () => {
    await apply('rewritten', 'alpha', [{ name: 'a', image: 'i' }]);
    const cleared = await get().request(
      'PATCH',
      path('rewritten'),
      { metadata: { managedFields: [{}] } },
      MERGE,
    );
    expect(owners(cleared) ?? []).toEqual([]);
    const gained = await apply('rewritten', 'beta', [{ name: 'a', image: 'j' }], {}, '&force=true');
    expect(containers(gained)[0]).toMatchObject({ image: 'j' });
  });

  it('owns nothing a kind does not have', async () => {
    const answer = await apply('unknown', 'alpha', [{ name: 'a', image: 'i', imag: 'j' }]);
    expect(answer.status).toBe(500);
    expect(answer.body.message).toContain('field not declared in schema');
  });

  it('applies status apart from the rest', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'status' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'a', image: 'i' }] },
      status: { phase: 'Running' },
    };
    const pod = `${get().path('v1', 'pods')}/status`;
    const first = await get().request('PATCH', `${pod}?fieldManager=alpha`, body, APPLY);
    expect(first.body).toMatchObject({ status: { phase: 'Pending' } });
    const conditions = [{ type: 'penstock.dev/Seen', status: 'True' }];
    const second = await get().request(
      'PATCH',
      `${pod}/status?fieldManager=alpha`,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'status' }, status: { conditions } },
      APPLY,
    );
    expect(second.body).toMatchObject({
      status: { phase: 'Pending', conditions: [{ type: 'penstock.dev/Seen' }] },
    });
    expect(
      owners(second)
        .filter(({ manager }) => manager === 'alpha')
        .map((e) => e.subresource),
    ).toEqual([undefined, 'status']);
  });
}
