import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { eventually } from '../contract/contract-cluster.js';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';
import { LAB_IMAGES, labCidr, PodLab } from '../test/pod-lab.js';
import { replaceMounts } from './replace-mounts.js';

describe('replaceMounts', () => {
  const mounts = [
    { mountPath: '/etc/penstock/start', folder: '/data/$1/start' },
    { mountPath: '/etc', folder: '/data/etc' },
  ];
  it.each([
    ['--file=/etc/penstock/start/allowed', '--file=/data/$1/start/allowed'],
    ['/etc/penstock/start', '/data/$1/start'],
    ['/etc/penstock/starting /etc/x', '/data/etc/penstock/starting /data/etc/x'],
    ['/var/etc/x', '/var/etc/x'],
    ['a:/etc/x:/etc', 'a:/data/etc/x:/data/etc'],
    ['{"dir":"/etc"}', '{"dir":"/data/etc"}'],
    ['/etc-x /etc.d', '/etc-x /etc.d'],
  ])('%s → %s', (text, expected) => {
    expect(replaceMounts(text, mounts)).toBe(expected);
  });

  it('leaves real folders alone, also below a mount path', () => {
    const shared = [
      { mountPath: '/dev/shm/kv', folder: '/dev/shm/penstock-0/n1/kv' },
      { mountPath: '/dev/shm', folder: '/dev/shm/penstock-0/n1' },
    ];
    const real = '/dev/shm/penstock-0/n1/kv/x,/dev/shm/penstock-0/n1/y';
    expect(replaceMounts('/dev/shm/kv/x,/dev/shm/y', shared)).toBe(real);
    expect(replaceMounts(real, shared)).toBe(real);
    const piece = fc.constantFrom('/dev/shm', '/kv', '/etc', '/x', ' ', '=', 'a', '/dev/shm/penstock-0/n1');
    const all = [...shared, ...mounts];
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const once = replaceMounts(pieces.join(''), all);
        expect(replaceMounts(once, all)).toBe(once);
      }),
    );
  });
});

describe('volumes of the simulated kubelet', () => {
  let cluster: DevCluster;
  let lab: PodLab;
  beforeAll(async () => {
    cluster = await startDevCluster({
      images: { ...LAB_IMAGES, 'lab/any': { command: ['env'], ownCommand: 'append' } },
      podCidr: labCidr(5),
      nodes: 1,
    });
    lab = new PodLab(cluster.kubeconfig);
  });
  afterAll(() => cluster?.stop());

  const volumes = [
    {
      name: 'start',
      downwardAPI: {
        items: [
          { path: 'allowed', fieldRef: { fieldPath: "metadata.annotations['penstock.dev/start-allowed']" } },
          { path: 'about/annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
          { path: 'about/name', fieldRef: { fieldPath: 'metadata.name' } },
        ],
      },
    },
    { name: 'cache', emptyDir: {} },
    { name: 'other', nfs: { server: 'nowhere', path: '/' } },
  ];
  const volumeMounts = [
    { name: 'start', mountPath: '/etc/penstock/start/' },
    { name: 'cache', mountPath: '/var/cache', subPath: 'mine' },
    { name: 'other', mountPath: '/other' },
  ];
  const annotate = (name: string, annotations: Record<string, string>): Promise<V1Pod> =>
    lab.read(name).then((pod) =>
      lab.api.replaceNamespacedPod({
        namespace: 'default',
        name,
        body: { ...pod, metadata: { ...pod.metadata, annotations } },
      }),
    );
  const printed = async (name: string): Promise<{ args: string[]; env: Record<string, string> }> =>
    JSON.parse((await lab.log(name)).split('\n')[0] ?? '') as { args: string[]; env: Record<string, string> };

  it('gives processes the folders their mount paths stand for, and follows the metadata', async () => {
    const args = ['--file=/etc/penstock/start/allowed', '--cache', '/var/cache', '--other', '/other/x'];
    const env = [{ name: 'START', value: '/etc/penstock/start' }];
    await lab.create('mounted', args, { volumes }, { volumeMounts, env });
    await lab.running('mounted');
    const { args: seen, env: variables } = await printed('mounted');
    const file = seen[0]!.replace('--file=', '');
    expect(file.startsWith(join(cluster.dataDir, 'volumes'))).toBe(true);
    expect(variables['START']).toBe(dirname(file));
    expect(seen.slice(3)).toEqual(['--other', '/other/x', '--host', expect.any(String)]);
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(readFileSync(join(dirname(file), 'about/name'), 'utf8')).toBe('mounted');
    await annotate('mounted', { 'penstock.dev/start-allowed': 'true', a: 'two "2"' });
    await eventually(() => expect(readFileSync(file, 'utf8')).toBe('true'), 1000);
    expect(readFileSync(join(dirname(file), 'about/annotations'), 'utf8')).toBe(
      'a="two \\"2\\""\npenstock.dev/start-allowed="true"',
    );
    const cache = seen[2]!;
    writeFileSync(join(cache, 'kept'), '');
    await lab.delete('mounted');
    await lab.gone('mounted');
    await eventually(() => expect(existsSync(dirname(file)) || existsSync(cache)).toBe(false));
  });

  it('lets an init container wait for an annotation, with the command it names', async () => {
    const script = 'until [ "$(cat /gate/allowed)" = true ]; do sleep 0.05; done';
    const gate = {
      name: 'gate',
      image: 'lab/any',
      command: ['sh', '-c', `echo waiting; ${script}`],
      volumeMounts: [{ name: 'start', mountPath: '/gate' }],
    };
    await lab.create('gated', [], { volumes, initContainers: [gate] });
    const waiting = await lab.until('gated', (p) =>
      Boolean(p.status?.initContainerStatuses?.[0]?.state?.running),
    );
    expect(waiting.status?.conditions?.find((c) => c.type === 'Initialized')?.status).toBe('False');
    await eventually(async () => expect(await lab.log('gated', { container: 'gate' })).toBe('waiting\n'));
    await annotate('gated', { 'penstock.dev/start-allowed': 'true' });
    const pod = await lab.running('gated');
    expect(pod.status?.initContainerStatuses?.[0]).toMatchObject({
      restartCount: 0,
      state: { terminated: { exitCode: 0 } },
    });
  });

  it('fills volumes from config maps and secrets, and follows them', async () => {
    const namespace = 'default';
    const body = { metadata: { name: 'settings' }, data: { a: 'one', b: 'two' }, binaryData: { c: 'AAE=' } };
    await lab.api.createNamespacedConfigMap({ namespace, body });
    await lab.api.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'keys' }, stringData: { token: 'hush' } },
    });
    const filled = [
      { name: 'all', configMap: { name: 'settings' } },
      { name: 'some', secret: { secretName: 'keys', items: [{ key: 'token', path: 'in/it' }] } },
      {
        name: 'mixed',
        projected: {
          sources: [
            { configMap: { name: 'settings', items: [{ key: 'b', path: 'b' }] } },
            { secret: { name: 'keys' } },
            { configMap: { name: 'missing', optional: true } },
            { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            {
              downwardAPI: {
                items: [
                  {
                    path: 'memory',
                    resourceFieldRef: { containerName: 'main', resource: 'limits.memory', divisor: '1Mi' },
                  },
                ],
              },
            },
          ],
        },
      },
    ];
    await lab.create(
      'filled',
      ['/all', '/some', '/mixed'],
      { volumes: filled },
      {
        volumeMounts: filled.map(({ name }) => ({ name, mountPath: `/${name}` })),
        resources: { limits: { memory: '1Gi', cpu: '1500m' } },
        env: [{ name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }],
      },
    );
    await lab.running('filled');
    const { args, env } = await printed('filled');
    expect(env['CPUS']).toBe('2');
    const [all = '', some = '', mixed = ''] = args;
    const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
    expect([read(all, 'a'), read(all, 'b'), read(all, 'c')]).toEqual(['one', 'two', '\u0000\u0001']);
    expect(read(some, 'in/it')).toBe('hush');
    expect(['b', 'token', 'name', 'memory'].map((name) => read(mixed, name))).toEqual([
      'two',
      'hush',
      'filled',
      '1024',
    ]);
    await lab.api.replaceNamespacedConfigMap({
      namespace,
      name: 'settings',
      body: { metadata: { name: 'settings' }, data: { a: 'three', b: 'two' } },
    });
    await eventually(() => expect(read(all, 'a')).toBe('three'), 1000);
    expect(existsSync(join(all, 'c'))).toBe(false);
  });

  it('says which volume it cannot make', async () => {
    const wrong = [
      { name: 'v', downwardAPI: { items: [{ path: '../x', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ];
    await lab.create('leaving', [], { volumes: wrong });
    const pod = await lab.until('leaving', (p) => p.status?.containerStatuses !== undefined);
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('"../x" leaves its volume'),
    });
  });
});
