import { expect, it } from '@jest/globals';
import { type ContractCluster, type RawAnswer, refusal } from './contract-cluster.js';

/** What a pod may say, and what of it may change while gates hold it back. */
export function describePodRules(get: () => ContractCluster): void {
  const main = { name: 'main', image: 'none' };
  const create = (name: string, spec: object): Promise<RawAnswer> =>
    get().request('POST', get().path('v1', 'pods'), {
      metadata: { name },
      spec: { schedulerName: 'nobody', containers: [main], ...spec },
    });
  const change = (name: string, spec: object): Promise<RawAnswer> =>
    get().request(
      'PATCH',
      get().path('v1', 'pods', name),
      { spec },
      { 'content-type': 'application/merge-patch+json' },
    );
  const bind = (name: string, binding: object): Promise<RawAnswer> =>
    get().request('POST', `${get().path('v1', 'pods', name)}/binding`, { metadata: { name }, ...binding });
  const gates = [{ name: 'penstock.dev/gang' }];
  const resources = (amounts: object) => ({ containers: [{ ...main, resources: amounts }] });

  it.each([
    [
      'requests above limits',
      resources({ requests: { cpu: '2' }, limits: { cpu: '1' } }),
      'spec.containers[0].resources.requests',
      'FieldValueInvalid',
      'Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'devices without a limit',
      resources({ requests: { 'nvidia.com/gpu': '1' } }),
      'spec.containers[0].resources.limits',
      'FieldValueRequired',
      'Required value: Limit must be set for non overcommitable resources',
    ],
    [
      'fewer devices than their limit',
      resources({ requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '2' } }),
      'spec.containers[0].resources.requests',
      'FieldValueInvalid',
      'Invalid value: "1": must be equal to nvidia.com/gpu limit of 2',
    ],
    [
      'half a device',
      resources({ limits: { 'nvidia.com/gpu': '500m' } }),
      'spec.containers[0].resources.limits[nvidia.com/gpu]',
      'FieldValueInvalid',
      'Invalid value: "500m": must be an integer',
    ],
    [
      'a mount of no volume',
      { containers: [{ ...main, volumeMounts: [{ name: 'models', mountPath: '/models' }] }] },
      'spec.containers[0].volumeMounts[0].name',
      'FieldValueNotFound',
      'Not found: "models"',
    ],
    [
      'a node behind gates',
      { schedulingGates: gates, nodeName: 'n' },
      'spec.nodeName',
      'FieldValueForbidden',
      'Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ])('refuses %s', async (_what, spec, field, reason, message) => {
    const answer = await create('refused', spec);
    expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(answer.body.details?.causes).toContainEqual({ field, reason, message });
  });

  it('asks for the devices that are the limit, and tells the quality of service', async () => {
    const limits = { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '2' };
    const { body } = await create('guaranteed', resources({ limits }));
    expect(body['spec']).toMatchObject({ containers: [{ resources: { limits, requests: limits } }] });
    expect(body['status']).toMatchObject({ qosClass: 'Guaranteed' });
    const some = await create('burstable', resources({ requests: { cpu: '1' } }));
    expect(some.body['status']).toMatchObject({ qosClass: 'Burstable' });
    const none = await create('best-effort', resources({ limits: { 'nvidia.com/gpu': '1' } }));
    expect(none.body['status']).toMatchObject({ qosClass: 'BestEffort' });
  });

  it('says of a gated pod that it is not scheduled, and lets its node be narrowed only', async () => {
    const { body } = await create('gated-rules', { schedulingGates: gates, nodeSelector: { a: '1' } });
    expect(body['status']).toMatchObject({
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
    });
    const narrowed = await change('gated-rules', { nodeSelector: { b: '2' } });
    expect(narrowed.body['spec']).toMatchObject({ nodeSelector: { a: '1', b: '2' } });
    const widened = await change('gated-rules', { nodeSelector: { a: null } });
    expect(widened.status).toBe(422);
    expect(widened.body.details?.causes).toEqual([
      {
        field: 'spec.nodeSelector',
        reason: 'FieldValueInvalid',
        message:
          'Invalid value: {"b":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      },
    ]);
    expect((await change('gated-rules', { schedulingGates: [] })).status).toBe(200);
    // Nothing is left to hold it, so where it runs is no longer open.
    expect((await change('gated-rules', { nodeSelector: { c: '3' } })).status).toBe(422);
    const again = await change('gated-rules', { schedulingGates: gates });
    expect(again.body.details?.causes).toEqual([
      {
        field: 'spec.schedulingGates[0].name',
        reason: 'FieldValueForbidden',
        message: "Forbidden: only deletion is allowed, but found new scheduling gate 'penstock.dev/gang'",
      },
    ]);
  });

  it('binds to nodes only, and hands the annotations of the binding to the pod', async () => {
    await create('to-bind', {});
    expect((await bind('to-bind', { target: { kind: 'Node' } })).status).toBeGreaterThanOrEqual(400);
    expect((await bind('to-bind', { target: { kind: 'Rack', name: 'r1' } })).status).toBeGreaterThanOrEqual(
      400,
    );
    const other = { name: 'to-bind', uid: '00000000-0000-0000-0000-000000000000' };
    const target = { kind: 'Node', name: 'no-such-node' };
    expect((await bind('to-bind', { metadata: other, target })).status).toBe(409);
    const annotations = { 'penstock.dev/devices': '0,1' };
    expect((await bind('to-bind', { metadata: { name: 'to-bind', annotations }, target })).status).toBe(201);
    const { body } = await get().request('GET', get().path('v1', 'pods', 'to-bind'));
    expect(body).toMatchObject({
      metadata: { annotations },
      spec: { nodeName: 'no-such-node' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
    });
    const twice = await bind('to-bind', { target });
    expect(twice).toMatchObject({
      status: 409,
      body: { details: { name: 'to-bind', kind: 'pods/binding' } },
    });
  });

  it('takes an Event only in the namespace of its object', async () => {
    const { core, namespace } = get();
    const event = (name: string, involved: object) => ({
      metadata: { name },
      involvedObject: { kind: 'Pod', name: 'p', ...involved },
      reason: 'Tested',
      type: 'Normal',
    });
    await core.createNamespacedEvent({ namespace, body: event('here', { namespace }) });
    for (const [name, involved] of [
      ['elsewhere', { namespace: 'kube-system' }],
      ['nowhere', {}],
    ] as const) {
      const answer = await refusal(core.createNamespacedEvent({ namespace, body: event(name, involved) }));
      expect(answer.details?.causes).toEqual([
        expect.objectContaining({ field: 'involvedObject.namespace', reason: 'FieldValueInvalid' }),
      ]);
    }
    // Of what has no namespace, in the default one.
    const { core: api } = get();
    const node = event(`node-${namespace}`, { kind: 'Node' });
    await api.createNamespacedEvent({ namespace: 'default', body: node });
  });
}
