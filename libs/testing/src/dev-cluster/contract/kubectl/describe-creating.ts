import { expect, it } from '@jest/globals';
import { eventually } from '../contract-cluster.js';
import type { Kubectl } from './kubectl.js';
import { configMap, idleDeployment, waitingPod } from './manifests.js';

/** Making objects from the command line and from manifests. */
export function describeCreating(get: () => Kubectl): void {
  it.each([
    [['configmap', 'made', '--from-literal=a=1'], { data: { a: '1' } }],
    [['secret', 'generic', 'made', '--from-literal=a=1'], { data: { a: 'MQ==' }, type: 'Opaque' }],
    [
      ['deployment', 'made', '--image=nginx', '--replicas=0', '--port=80'],
      {
        spec: {
          replicas: 0,
          template: { spec: { containers: [{ name: 'nginx', ports: [{ containerPort: 80 }] }] } },
        },
      },
    ],
    [
      ['service', 'clusterip', 'made', '--tcp=80:8080'],
      { spec: { ports: [{ port: 80, targetPort: 8080, protocol: 'TCP', name: '80-8080' }] } },
    ],
    [['serviceaccount', 'made'], {}],
    [['role', 'made', '--verb=get', '--resource=pods'], { rules: [{ verbs: ['get'], resources: ['pods'] }] }],
    [
      ['rolebinding', 'made', '--role=made', '--user=u'],
      { roleRef: { kind: 'Role', name: 'made' }, subjects: [{ kind: 'User', name: 'u' }] },
    ],
    [
      ['poddisruptionbudget', 'made', '--selector=app=made', '--min-available=1'],
      { spec: { minAvailable: 1 } },
    ],
  ] as [string[], object][])('kubectl create %j', async (args, expected) => {
    const kind = args[0] ?? '';
    expect(await get().ok(['create', ...args])).toMatch(new RegExp(`^${kind}(\\.\\S+)?/made created\n$`));
    expect(await get().get(kind, 'made')).toMatchObject(expected);
    expect(await get().fails(['create', ...args])).toContain('already exists');
  });

  it('creates priority classes and quotas of the whole cluster', async () => {
    const name = `high-${get().namespace}`;
    await get().ok(['create', 'priorityclass', name, '--value=1000', '--description=for tests']);
    expect(await get().get('pc', name)).toMatchObject({
      value: 1000,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    const pod = waitingPod('important');
    const stdin = { ...pod, spec: { ...pod.spec, priorityClassName: name } };
    // A real server's admission hears of a class a moment later.
    await eventually(() => get().ok(['create', '-f', '-'], { stdin }));
    expect(await get().get('pod', 'important')).toMatchObject({ spec: { priority: 1000 } });
    await get().ok(['delete', 'pc', name]);
  });

  it('creates lists of objects', async () => {
    const items = ['one', 'two'].map((name) => configMap(`listed-${name}`, { a: '1' }));
    const made = await get().ok(['create', '-f', '-'], { stdin: { apiVersion: 'v1', kind: 'List', items } });
    expect(made).toBe('configmap/listed-one created\nconfigmap/listed-two created\n');
  });

  it('runs a pod, which has printed nothing before it has a node', async () => {
    const overrides = JSON.stringify({ spec: { schedulerName: 'nobody' } });
    await get().ok(['run', 'ran', '--image=nginx', '--restart=Never', '--overrides', overrides]);
    expect(await get().get('pod', 'ran')).toMatchObject({ spec: { restartPolicy: 'Never' } });
    expect(await get().ok(['logs', 'ran'])).toBe('');
    expect(await get().fails(['logs', 'nothing'])).toContain('"nothing" not found');
  });

  it('warns of what is deprecated', async () => {
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'old' }, subsets: [] };
    const { stderr } = await get().run(['create', '-f', '-'], { stdin: endpoints });
    expect(stderr).toBe(
      'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n',
    );
  });

  it('creates nothing on a dry run, and shows what it would be', async () => {
    const args = ['create', 'configmap', 'dry', '--from-literal=a=1', '-o', 'yaml'];
    expect(await get().ok([...args, '--dry-run=server'])).toMatch(/uid: /);
    expect(await get().ok([...args, '--dry-run=client'])).not.toMatch(/uid: /);
    expect(await get().fails(['get', 'cm', 'dry'])).toContain('NotFound');
  });

  it('says which fields a manifest has in vain', async () => {
    const pod = { ...waitingPod('vain'), spec: { ...waitingPod('vain').spec, bogus: 1 } };
    expect(await get().fails(['create', '-f', '-'], { stdin: pod })).toContain('unknown field "spec.bogus"');
    const { code, stderr } = await get().run(['create', '--validate=warn', '-f', '-'], { stdin: pod });
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Warning: unknown field "spec.bogus"\n' });
    expect(await get().get('pod', 'vain')).not.toHaveProperty('spec.bogus');
  });

  it('says everything that is wrong with a manifest', async () => {
    const pod = {
      ...waitingPod('wrong'),
      spec: { containers: [{ name: 'a' }, { name: 'a', image: 'x' }], restartPolicy: 'Sometimes' },
    };
    const text = await get().fails(['create', '-f', '-'], { stdin: pod });
    expect(text).toContain('The Pod "wrong" is invalid');
    expect(text).toContain('spec.containers[0].image: Required value');
    expect(text).toContain('spec.containers[1].name: Duplicate value: "a"');
    expect(text).toContain(
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    );
    const wrongType = { ...configMap('wrong', {}), data: [1] };
    expect(await get().fails(['create', '--validate=false', '-f', '-'], { stdin: wrongType })).toContain(
      'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
    );
  });

  it('refuses a deployment whose selector does not fit', async () => {
    const deployment = idleDeployment('misfit');
    deployment.spec.template.metadata.labels.app = 'other';
    expect(await get().fails(['create', '-f', '-'], { stdin: deployment })).toContain(
      '`selector` does not match template `labels`',
    );
  });

  it('exposes and autoscales a deployment', async () => {
    await get().ok(['create', '-f', '-'], { stdin: idleDeployment('exposed') });
    await get().ok(['expose', 'deployment', 'exposed', '--port=80']);
    expect(await get().get('svc', 'exposed')).toMatchObject({ spec: { selector: { app: 'exposed' } } });
    await get().ok(['autoscale', 'deployment', 'exposed', '--max=5', '--cpu=70%']);
    expect(await get().ok(['get', 'hpa', 'exposed', '--no-headers'])).toMatch(
      /^exposed +Deployment\/exposed +cpu: <unknown>\/70% +1 +5 /,
    );
  });
}
