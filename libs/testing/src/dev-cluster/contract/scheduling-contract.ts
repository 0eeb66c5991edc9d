import { expect, it } from '@jest/globals';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

const MERGE = { 'content-type': 'application/merge-patch+json' };

/** Priorities, gangs, and who may be evicted. */
export function describeScheduling(get: () => ContractCluster): void {
  const create = (apiVersion: string, plural: string, body: object): Promise<RawAnswer> =>
    get().request('POST', get().path(apiVersion, plural), body);
  const pod = (name: string, spec: object = {}, labels: object = {}) => ({
    metadata: { name, labels },
    spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'i' }], ...spec },
  });
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const causes = (answer: RawAnswer) => (answer.body.details?.causes ?? []).map((c) => [c.field, c.reason]);
  const v1alpha2 = 'scheduling.k8s.io/v1alpha2';

  it('gives pods the priority of their class', async () => {
    const name = `${get().namespace}-high`;
    await get().request('POST', classes, { metadata: { name }, value: 1000, preemptionPolicy: 'Never' });
    // A real server's admission hears of a class a moment later.
    const high = await eventually(async () => {
      const answer = await create('v1', 'pods', pod('high', { priorityClassName: name }));
      expect(answer.status).toBe(201);
      return answer;
    });
    expect(high.body).toMatchObject({
      spec: { priority: 1000, preemptionPolicy: 'Never', priorityClassName: name },
    });
    const plain = await create('v1', 'pods', pod('plain'));
    expect(plain.body).toMatchObject({ spec: { priority: 0, preemptionPolicy: 'PreemptLowerPriority' } });
    const system = await create('v1', 'pods', pod('system', { priorityClassName: 'system-node-critical' }));
    expect(system.body).toMatchObject({ spec: { priority: 2_000_001_000 } });
    const unknown = await create('v1', 'pods', pod('unknown', { priorityClassName: 'no-such-class' }));
    expect(unknown).toMatchObject({
      status: 403,
      body: { message: 'pods "unknown" is forbidden: no PriorityClass with name no-such-class was found' },
    });
    expect((await create('v1', 'pods', pod('own', { priority: 5 }))).status).toBe(403);
    await get().request('DELETE', `${classes}/${name}`);
  });

  it('lets one class be the default, and no class change its value', async () => {
    const [first, second] = [`${get().namespace}-first`, `${get().namespace}-second`];
    await get().request('POST', classes, { metadata: { name: first }, value: 7, globalDefault: true });
    let attempt = 0;
    await eventually(async () => {
      const byDefault = await create('v1', 'pods', pod(`by-default-${attempt++}`));
      expect(byDefault.body).toMatchObject({ spec: { priority: 7, priorityClassName: first } });
    });
    const another = { metadata: { name: second }, value: 8, globalDefault: true };
    expect((await get().request('POST', classes, another)).status).toBe(403);
    const changed = await get().request('PATCH', `${classes}/${first}`, { value: 9 }, MERGE);
    expect(changed.status).toBe(422);
    await get().request('DELETE', `${classes}/${first}`);
    await eventually(async () => {
      const without = await create('v1', 'pods', pod(`by-default-${attempt++}`));
      expect(without.body).toMatchObject({ spec: { priority: 0 } });
    });
    const own = await get().request('POST', classes, { metadata: { name: 'system-own' }, value: 1 });
    expect(own.status).toBe(422);
    const huge = { metadata: { name: `${get().namespace}-huge` }, value: 1_000_000_001 };
    expect((await get().request('POST', classes, huge)).status).toBe(422);
  });

  it('lets pods stay on lost nodes for a while', async () => {
    const { spec } = (await create('v1', 'pods', pod('patient'))).body as unknown as {
      spec: { tolerations: object[] };
    };
    expect(spec.tolerations).toEqual(
      ['not-ready', 'unreachable'].map((what) => ({
        key: `node.kubernetes.io/${what}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
    );
  });

  it('takes pod groups with one policy, and keeps their spec', async () => {
    const group = (name: string, schedulingPolicy: object) => ({
      metadata: { name },
      spec: { schedulingPolicy },
    });
    const made = await create(v1alpha2, 'podgroups', group('gang', { gang: { minCount: 4 } }));
    expect(made).toMatchObject({
      status: 201,
      body: { spec: { schedulingPolicy: { gang: { minCount: 4 } } } },
    });
    expect(made.body).toMatchObject({ spec: { disruptionMode: 'Pod', priority: 0 } });
    expect(made.body.metadata['generation']).toBeUndefined();
    expect(causes(await create(v1alpha2, 'podgroups', group('none', {})))).toEqual([
      ['spec.schedulingPolicy', 'FieldValueInvalid'],
    ]);
    const both = await create(v1alpha2, 'podgroups', group('both', { basic: {}, gang: { minCount: 1 } }));
    expect(causes(both)).toEqual([['spec.schedulingPolicy', 'FieldValueInvalid']]);
    expect(causes(await create(v1alpha2, 'podgroups', group('zero', { gang: { minCount: 0 } })))).toEqual([
      ['spec.schedulingPolicy.gang.minCount', 'FieldValueRequired'],
    ]);
    const path = get().path(v1alpha2, 'podgroups', 'gang');
    const patch = { spec: { schedulingPolicy: { gang: { minCount: 5 } } } };
    expect((await get().request('PATCH', path, patch, MERGE)).status).toBe(422);
    const condition = {
      type: 'PodGroupScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: 'no room',
      lastTransitionTime: '2026-01-02T03:04:05Z',
    };
    const status = await get().request(
      'PATCH',
      `${path}/status`,
      { status: { conditions: [condition] } },
      MERGE,
    );
    expect(status.body).toMatchObject({ status: { conditions: [{ reason: 'Unschedulable' }] } });
  });

  it('takes workloads of up to eight groups, and keeps them', async () => {
    const groups = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        name: `g${i}`,
        schedulingPolicy: { gang: { minCount: 1 } },
      }));
    const workload = (name: string, podGroupTemplates: object[]) => ({
      metadata: { name },
      spec: { podGroupTemplates },
    });
    expect((await create(v1alpha2, 'workloads', workload('fits', groups(8)))).status).toBe(201);
    expect(causes(await create(v1alpha2, 'workloads', workload('many', groups(9))))).toEqual([
      ['spec.podGroupTemplates', 'FieldValueTooMany'],
    ]);
    expect(causes(await create(v1alpha2, 'workloads', workload('empty', [])))).toEqual([
      ['spec.podGroupTemplates', 'FieldValueRequired'],
    ]);
    const twice = await create(v1alpha2, 'workloads', workload('twice', [...groups(1), ...groups(1)]));
    expect(causes(twice)).toEqual([['spec.podGroupTemplates[1]', 'FieldValueDuplicate']]);
    const path = get().path(v1alpha2, 'workloads', 'fits');
    const changed = await get().request('PATCH', path, { spec: { podGroupTemplates: groups(2) } }, MERGE);
    expect(changed.status).toBe(422);
  });

  it('lets pods name their group for good', async () => {
    const made = await create('v1', 'pods', pod('grouped', { schedulingGroup: { podGroupName: 'gang' } }));
    expect(made.body).toMatchObject({ spec: { schedulingGroup: { podGroupName: 'gang' } } });
    const path = get().path('v1', 'pods', 'grouped');
    const patch = { spec: { schedulingGroup: { podGroupName: 'other' } } };
    expect((await get().request('PATCH', path, patch, MERGE)).status).toBe(422);
  });

  it('evicts pods, but not more than their budget allows', async () => {
    const labels = { evict: 'yes' };
    const budget = {
      metadata: { name: 'budget' },
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    };
    await create('policy/v1', 'poddisruptionbudgets', budget);
    await create('v1', 'pods', pod('guarded', { nodeName: 'no-such-node' }, labels));
    const path = get().path('v1', 'pods', 'guarded');
    const conditions = [{ type: 'Ready', status: 'True' }];
    await get().request('PATCH', `${path}/status`, { status: { phase: 'Running', conditions } }, MERGE);
    const eviction = (name: string, options: object = {}) => ({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: get().namespace },
      ...options,
    });
    const refused = await get().request('POST', `${path}/eviction`, eviction('guarded'));
    expect(refused).toMatchObject({
      status: 429,
      body: {
        reason: 'TooManyRequests',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: { causes: [expect.objectContaining({ reason: 'DisruptionBudget' })] },
      },
    });
    await create('v1', 'pods', pod('free'));
    const free = get().path('v1', 'pods', 'free');
    const dry = await get().request('POST', `${free}/eviction?dryRun=All`, eviction('free'));
    expect(dry.status).toBe(201);
    expect((await get().request('GET', free)).status).toBe(200);
    const uid = { deleteOptions: { preconditions: { uid: 'another' } } };
    expect((await get().request('POST', `${free}/eviction`, eviction('free', uid))).status).toBe(409);
    expect((await get().request('POST', `${free}/eviction`, eviction('free'))).status).toBe(201);
    expect((await get().request('GET', free)).status).toBe(404);
  });
}
