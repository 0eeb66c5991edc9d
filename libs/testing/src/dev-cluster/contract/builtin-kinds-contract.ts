import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';

interface Discovered {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: string[];
  readonly shortNames?: string[];
  readonly group?: string;
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const PART = ['get', 'patch', 'update'];

/** Kinds that every server has: their names, defaults and rules. */
export function describeBuiltinKinds(get: () => ContractCluster): void {
  const create = (apiVersion: string, plural: string, body: object, query = ''): Promise<RawAnswer> =>
    get().request('POST', get().path(apiVersion, plural) + query, body);
  const pods = { containers: [{ name: 'main', image: 'nginx:1' }] };
  const labels = { app: 'built-in' };
  const template = { metadata: { labels }, spec: pods };
  const workload = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: { replicas: 0, selector: { matchLabels: labels }, template, ...spec },
  });
  const fields = (answer: RawAnswer): string[] =>
    (answer.body.details?.causes ?? []).map((cause) => cause.field);

  it.each([
    ['/api/v1', 'services', 'Service', true, ['svc'], ['status']],
    ['/api/v1', 'nodes', 'Node', false, ['no'], ['status']],
    ['/api/v1', 'endpoints', 'Endpoints', true, ['ep'], []],
    ['/api/v1', 'serviceaccounts', 'ServiceAccount', true, ['sa'], []],
    ['/api/v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', true, ['pvc'], ['status']],
    ['/apis/apps/v1', 'deployments', 'Deployment', true, ['deploy'], ['scale', 'status']],
    ['/apis/apps/v1', 'replicasets', 'ReplicaSet', true, ['rs'], ['scale', 'status']],
    ['/apis/apps/v1', 'statefulsets', 'StatefulSet', true, ['sts'], ['scale', 'status']],
    ['/apis/apps/v1', 'daemonsets', 'DaemonSet', true, ['ds'], ['status']],
    ['/apis/apps/v1', 'controllerrevisions', 'ControllerRevision', true, undefined, []],
    [
      '/apis/autoscaling/v2',
      'horizontalpodautoscalers',
      'HorizontalPodAutoscaler',
      true,
      ['hpa'],
      ['status'],
    ],
    ['/apis/policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', true, ['pdb'], ['status']],
    ['/apis/rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', false, undefined, []],
    ['/apis/rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', true, undefined, []],
    ['/apis/coordination.k8s.io/v1', 'leases', 'Lease', true, undefined, []],
    ['/apis/discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', true, undefined, []],
    ['/apis/events.k8s.io/v1', 'events', 'Event', true, ['ev'], []],
    ['/apis/scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', false, ['pc'], []],
    ['/apis/scheduling.k8s.io/v1alpha2', 'podgroups', 'PodGroup', true, undefined, ['status']],
    ['/apis/scheduling.k8s.io/v1alpha2', 'workloads', 'Workload', true, undefined, []],
    ['/apis/resource.k8s.io/v1', 'deviceclasses', 'DeviceClass', false, undefined, []],
    ['/apis/resource.k8s.io/v1', 'resourceclaims', 'ResourceClaim', true, undefined, ['status']],
    ['/apis/resource.k8s.io/v1', 'resourceslices', 'ResourceSlice', false, undefined, []],
  ] as [string, string, string, boolean, string[] | undefined, string[]][])(
    'serves %s %s',
    async (root, plural, kind, namespaced, shortNames, parts) => {
      const list = (await get().request('GET', root)).body['resources'] as Discovered[];
      const found = list.find((resource) => resource.name === plural);
      expect(found).toMatchObject({ kind, namespaced, verbs: ALL });
      expect(found?.shortNames).toEqual(shortNames);
      for (const part of parts) {
        const sub = list.find((resource) => resource.name === `${plural}/${part}`);
        expect(sub?.verbs).toEqual(PART);
        if (part === 'scale') expect(sub).toMatchObject({ kind: 'Scale', group: 'autoscaling' });
      }
    },
  );

  it('tells everything it serves in one answer', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    for (const [path, group, resource] of [
      ['/api', undefined, 'pods'],
      ['/apis', 'apps', 'deployments'],
    ] as const) {
      const { body } = await get().request('GET', path, undefined, { accept });
      expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
      const groups = body.items as unknown as {
        metadata: { name?: string };
        versions: { resources: object[] }[];
      }[];
      const resources = groups.find(({ metadata }) => metadata.name === group)?.versions[0]?.resources;
      expect(resources).toContainEqual(
        expect.objectContaining({ resource, scope: 'Namespaced', verbs: ALL }),
      );
    }
  });

  it('gives workloads and their pod templates defaults', async () => {
    const { spec } = (await create('apps/v1', 'deployments', workload('defaulted'))).body as unknown as {
      spec: Record<string, unknown>;
    };
    expect(spec).toMatchObject({
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      template: {
        spec: {
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
          schedulerName: 'default-scheduler',
          terminationGracePeriodSeconds: 30,
          securityContext: {},
          containers: [
            {
              name: 'main',
              image: 'nginx:1',
              imagePullPolicy: 'IfNotPresent',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
        },
      },
    });
    const set = await create('apps/v1', 'statefulsets', workload('defaulted', { serviceName: 'x' }));
    expect(set.body).toMatchObject({
      spec: {
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
    });
  });

  it('holds workloads to their selector', async () => {
    const misfit = await create(
      'apps/v1',
      'deployments',
      workload('misfit', { selector: { matchLabels: { a: 'b' } } }),
    );
    expect(misfit.status).toBe(422);
    expect(fields(misfit)).toEqual(['spec.template.metadata.labels']);
    const none = await create('apps/v1', 'replicasets', workload('none', { selector: undefined }));
    expect(fields(none)).toContain('spec.selector');
    await create('apps/v1', 'deployments', workload('selecting'));
    const patch = { spec: { selector: { matchLabels: { ...labels, more: 'yes' } } } };
    const path = get().path('apps/v1', 'deployments', 'selecting');
    const headers = { 'content-type': 'application/merge-patch+json' };
    const changed = await get().request('PATCH', path, patch, headers);
    expect(changed.status).toBe(422);
    expect(fields(changed)).toContain('spec.selector');
    const stopping = workload('stopping', {
      template: { ...template, spec: { ...pods, restartPolicy: 'Never' } },
    });
    expect(fields(await create('apps/v1', 'deployments', stopping))).toEqual([
      'spec.template.spec.restartPolicy',
    ]);
    const strategy = { type: 'Recreate', rollingUpdate: { maxSurge: 1 } };
    expect(fields(await create('apps/v1', 'deployments', workload('both', { strategy })))).toEqual([
      'spec.strategy.rollingUpdate',
    ]);
    const lost = { containers: [{ ...pods.containers[0], volumeMounts: [{ name: 'v', mountPath: '/v' }] }] };
    const mounting = workload('mounting', { template: { ...template, spec: lost } });
    expect(fields(await create('apps/v1', 'deployments', mounting))).toEqual([
      'spec.template.spec.containers[0].volumeMounts[0].name',
    ]);
    const volumes = [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }];
    const twofold = workload('twofold', { template: { ...template, spec: { ...pods, volumes } } });
    expect(fields(await create('apps/v1', 'deployments', twofold))).toEqual([
      'spec.template.spec.volumes[0].hostPath',
    ]);
  });

  it('scales a deployment, and counts that as a new generation', async () => {
    await create('apps/v1', 'deployments', workload('scaled'));
    const path = `${get().path('apps/v1', 'deployments', 'scaled')}`;
    await get().request(
      'PATCH',
      path,
      { spec: { paused: true } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const scale = await get().request('GET', `${path}/scale`);
    expect(scale.body).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: {},
      status: { replicas: 0, selector: 'app=built-in' },
    });
    const patched = await get().request(
      'PATCH',
      `${path}/scale`,
      { spec: { replicas: 3 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patched.body).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
    const { body } = await get().request('GET', path);
    expect(body).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 3 } });
    const negative = { ...patched.body, spec: { replicas: -1 } };
    expect((await get().request('PUT', `${path}/scale`, negative)).status).toBe(422);
    await get().request('DELETE', path);
  });

  it('keeps what is marked immutable', async () => {
    await create('v1', 'configmaps', { metadata: { name: 'frozen' }, immutable: true, data: { a: '1' } });
    const path = get().path('v1', 'configmaps', 'frozen');
    const headers = { 'content-type': 'application/merge-patch+json' };
    const changed = await get().request('PATCH', path, { data: { a: '2' } }, headers);
    expect(changed.status).toBe(422);
    expect(fields(changed)).toEqual(['data']);
    expect((await get().request('PATCH', path, { metadata: { labels: { a: 'b' } } }, headers)).status).toBe(
      200,
    );
  });

  it('turns plain secret text into data', async () => {
    const secret = { metadata: { name: 'plain' }, stringData: { a: 'b' }, data: { c: 'ZA==' } };
    const answer = await create('v1', 'secrets', secret);
    expect(answer.body).toMatchObject({ data: { a: 'Yg==', c: 'ZA==' }, type: 'Opaque' });
    expect(answer.body).not.toHaveProperty('stringData');
  });

  it('gives ports of services what they leave out', async () => {
    const answer = await create('v1', 'services', {
      metadata: { name: 'ports' },
      spec: { ports: [{ port: 80 }] },
    });
    expect(answer.body).toMatchObject({
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
      status: { loadBalancer: {} },
    });
    const unnamed = { metadata: { name: 'unnamed' }, spec: { ports: [{ port: 80 }, { port: 81 }] } };
    expect(fields(await create('v1', 'services', unnamed))).toContain('spec.ports[0].name');
  });

  it('writes quantities and times in one form', async () => {
    const resources = {
      requests: { cpu: '0.5', memory: '1.5Gi' },
      limits: { cpu: '1000m', memory: '2048Mi' },
    };
    const spec = { schedulerName: 'nobody', containers: [{ name: 'main', image: 'i', resources }] };
    const pod = await create('v1', 'pods', { metadata: { name: 'canonical' }, spec });
    const [container] = (pod.body['spec'] as { containers: { resources: unknown }[] }).containers;
    expect(container?.resources).toEqual({
      requests: { cpu: '500m', memory: '1536Mi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
    const renewTime = '2026-01-02T03:04:05.500000+01:00';
    const lease = await create('coordination.k8s.io/v1', 'leases', {
      metadata: { name: 'timed' },
      spec: { renewTime },
    });
    expect(lease.body).toMatchObject({ spec: { renewTime: '2026-01-02T02:04:05.500000Z' } });
  });

  it('warns of fields a kind does not have, refuses them when asked, or says nothing', async () => {
    const body = (name: string) => ({ metadata: { name }, data: {}, dat: { x: '1' } });
    const strict = await create('v1', 'configmaps', body('strict'), '?fieldValidation=Strict');
    expect(strict).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    expect(strict.body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"',
    );
    const warned = await create('v1', 'configmaps', body('warned'));
    expect(warned.status).toBe(201);
    expect(warned.body).not.toHaveProperty('dat');
    expect(warned.warnings).toEqual(['299 - "unknown field \\"dat\\""']);
    expect((await create('v1', 'configmaps', body('ignored'), '?fieldValidation=Ignore')).warnings).toEqual(
      [],
    );
  });

  it('takes protobuf', async () => {
    const field = (number: number, bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
    const identity = field(1, Buffer.concat([text(1, 'v1'), text(2, 'ConfigMap')]));
    const object = Buffer.concat([
      field(1, text(1, 'binary')),
      field(2, Buffer.concat([text(1, 'x'), text(2, '1')])),
    ]);
    const body = Buffer.concat([Buffer.from('k8s\0'), identity, field(2, object)]);
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf', accept: 'application/json' };
    const answer = await get().request('POST', get().path('v1', 'configmaps'), body, headers);
    expect(answer).toMatchObject({ status: 201, body: { metadata: { name: 'binary' }, data: { x: '1' } } });
  });

  it('completes claims of stateful sets and the behavior of autoscalers', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const set = workload('claims', { serviceName: 'x', volumeClaimTemplates: [claim] });
    expect((await create('apps/v1', 'statefulsets', set)).body).toMatchObject({
      spec: { volumeClaimTemplates: [{ kind: 'PersistentVolumeClaim', spec: { volumeMode: 'Filesystem' } }] },
    });
    const unsized = { metadata: { name: 'unsized' }, spec: { accessModes: ['ReadWriteOnce'] } };
    expect(fields(await create('v1', 'persistentvolumeclaims', unsized))).toEqual([
      'spec.resources[storage]',
    ]);
    const autoscaler = {
      metadata: { name: 'behaving' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
        maxReplicas: 3,
        behavior: { scaleDown: { stabilizationWindowSeconds: 10 } },
      },
    };
    expect((await create('autoscaling/v2', 'horizontalpodautoscalers', autoscaler)).body).toMatchObject({
      spec: {
        minReplicas: 1,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max' },
          scaleDown: { stabilizationWindowSeconds: 10, selectPolicy: 'Max' },
        },
      },
    });
    const low = { ...autoscaler, metadata: { name: 'low' }, spec: { ...autoscaler.spec, maxReplicas: 0 } };
    expect((await create('autoscaling/v2', 'horizontalpodautoscalers', low)).status).toBe(422);
  });

  it('keeps a role binding to its role', async () => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a:b' };
    await create(rbac, 'roles', {
      metadata: { name: 'a:b' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    });
    const subjects = [{ kind: 'User', name: 'u' }];
    const made = await create(rbac, 'rolebindings', { metadata: { name: 'a:b' }, roleRef, subjects });
    expect(made.body).toMatchObject({ subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }] });
    const patch = { roleRef: { ...roleRef, name: 'c' } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect(
      (await get().request('PATCH', get().path(rbac, 'rolebindings', 'a:b'), patch, headers)).status,
    ).toBe(422);
  });

  it('shows Events of both groups', async () => {
    const event = {
      metadata: { name: 'new-event' },
      eventTime: '2026-01-02T03:04:05.000006Z',
      reportingController: 'penstock.dev/tester',
      reportingInstance: 'one',
      action: 'Testing',
      reason: 'Tested',
      type: 'Normal',
      note: 'it was tested',
      regarding: { kind: 'ConfigMap', name: 'x', namespace: get().namespace },
    };
    expect((await create('events.k8s.io/v1', 'events', event)).body).toMatchObject({ note: 'it was tested' });
    const core = await get().request('GET', get().path('v1', 'events', 'new-event'));
    expect(core.body).toMatchObject({
      apiVersion: 'v1',
      message: 'it was tested',
      reportingComponent: 'penstock.dev/tester',
      involvedObject: { kind: 'ConfigMap', name: 'x' },
      eventTime: '2026-01-02T03:04:05.000006Z',
    });
    const headers = { 'content-type': 'application/merge-patch+json' };
    const series = { count: 2, lastObservedTime: '2026-01-02T03:05:05.000000Z' };
    await get().request('PATCH', get().path('events.k8s.io/v1', 'events', 'new-event'), { series }, headers);
    const list = await get().request(
      'GET',
      `${get().path('events.k8s.io/v1', 'events')}?fieldSelector=regarding.name=x`,
    );
    expect(list.body).toMatchObject({
      kind: 'EventList',
      apiVersion: 'events.k8s.io/v1',
      items: [{ series }],
    });
  });

  it('answers who may do what', async () => {
    const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    expect(await get().request('POST', path, review)).toMatchObject({
      status: 201,
      body: { status: { allowed: true } },
    });
    expect((await get().request('GET', path)).status).toBe(405);
  });
}
