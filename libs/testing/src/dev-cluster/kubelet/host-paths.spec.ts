import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppsV1Api, KubeConfig, type V1HostPathVolumeSource, type V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { eventually } from '../contract/contract-cluster.js';
import type { ApiObject } from '../object/api-object.js';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';
import { LAB_IMAGES, labCidr, PodLab } from '../test/pod-lab.js';
import { hostMemoryFolder } from './host-memory-folder.js';
import { HostPaths } from './host-paths.js';

/** f_type of tmpfs in statfs(2). */
const TMPFS = 0x01021994;

describe('HostPaths', () => {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'host-paths-')));
  const hosts = new HostPaths(dataDir);
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
  const pod: ApiObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { nodeName: 'n1' },
  };
  const on = (path: string): string => join(dataDir, 'hosts', 'n1', path);

  it('gives every node folders of its own, and memory for what is in memory', () => {
    expect(hosts.locate('n1', '/var/lib/x')).toBe(on('var/lib/x'));
    expect(hosts.locate('n2', '/var//lib/./x/')).toBe(join(dataDir, 'hosts', 'n2', 'var/lib/x'));
    expect(hosts.locate('n1', '/dev/shmall')).toBe(on('dev/shmall'));
    expect(hosts.locate('n1', '/dev/shm/kv/')).toMatch(/^\/dev\/shm\/penstock-[0-9a-f]{8}\/n1\/kv$/);
    expect(hosts.locate('n1', '/dev/./shm/')).toMatch(/^\/dev\/shm\/penstock-[0-9a-f]{8}\/n1\/?$/);
  });

  it.each(['relative', '', '../x', '/a/../../n2/x', '/..'])('refuses the path %j', (path) => {
    expect(() => hosts.locate('n1', path)).toThrow('must be an absolute path without ".."');
  });

  it('never leads out of the node', () => {
    const name = fc.oneof(fc.constantFrom('..', '.', '', 'dev', 'shm', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(name), (names) => {
        let real: string;
        try {
          real = hosts.locate('n1', `/${names.join('/')}`);
        } catch {
          return;
        }
        const roots = [join(dataDir, 'hosts', 'n1'), join(hostMemoryFolder(dataDir) ?? dataDir, 'n1')];
        expect(roots.some((root) => `${real}${sep}`.startsWith(`${root}${sep}`))).toBe(true);
      }),
    );
  });

  it('makes and finds what the type says', () => {
    const mount = (path: string, type?: string): string =>
      hosts.mount(pod, { path, ...(type === undefined ? {} : { type }) });
    expect(() => mount('/made', 'Directory')).toThrow(
      `hostPath type check failed: /made is not a directory (on this machine: ${on('made')})`,
    );
    expect(statSync(mount('/made/deep')).isDirectory()).toBe(true);
    expect(mount('/made', 'Directory')).toBe(on('made'));
    expect(mount('/made/more', 'DirectoryOrCreate')).toBe(on('made/more'));
    expect(() => mount('/made/file', 'File')).toThrow('/made/file is not a file');
    expect(statSync(mount('/made/file', 'FileOrCreate')).isFile()).toBe(true);
    writeFileSync(on('made/file'), 'kept');
    expect(readFileSync(mount('/made/file', 'FileOrCreate'), 'utf8')).toBe('kept');
    expect(mount('/made/file', 'File')).toBe(on('made/file'));
    expect(mount('/made/file', '')).toBe(on('made/file'));
    expect(() => mount('/made/file', 'DirectoryOrCreate')).toThrow('/made/file is not a directory');
    expect(() => mount('/made', 'FileOrCreate')).toThrow('/made is not a file');
    expect(() => mount('/made/file/below', 'DirectoryOrCreate')).toThrow('cannot make');
    expect(() => mount('/made', 'Socket')).toThrow(
      'hostPath type Socket is not supported by the simulated kubelet: use DirectoryOrCreate, Directory, FileOrCreate, File',
    );
  });
});

describe('hostPath volumes of the simulated kubelet', () => {
  let cluster: DevCluster;
  let lab: PodLab;
  const images = { ...LAB_IMAGES, 'lab/any': { command: ['env'], ownCommand: 'append' as const } };
  beforeAll(async () => {
    cluster = await startDevCluster({ images, podCidr: labCidr(9), nodes: 2 });
    lab = new PodLab(cluster.kubeconfig);
  });
  afterAll(() => cluster?.stop());

  const volume = (hostPath: V1HostPathVolumeSource) => ({
    volumes: [{ name: 'kv', hostPath }],
  });
  const volumeMounts = [{ name: 'kv', mountPath: '/kv' }];
  /** A pod that runs a script; its process stays. */
  const run = (name: string, nodeName: string, script: string, hostPath: V1HostPathVolumeSource) =>
    lab.create(
      name,
      [],
      { nodeName, ...volume(hostPath) },
      {
        image: 'lab/any',
        command: ['sh', '-c', `${script}; echo done; exec sleep 1000`],
        readinessProbe: undefined,
        volumeMounts,
      },
    );
  const done = (name: string): Promise<void> =>
    eventually(async () => expect(await lab.log(name)).toContain('done\n'));
  const waiting = (pod: V1Pod) => pod.status?.containerStatuses?.[0]?.state?.waiting;

  it.each(['/var/lib/kv', '/dev/shm/kv'])('shares %s between the pods of one node', async (path) => {
    const id = path.split('/')[1];
    await run(`writer-${id}`, 'node-1', 'echo hello > /kv/file', { path });
    await done(`writer-${id}`);
    await run(`reader-${id}`, 'node-1', 'cat /kv/file', { path, type: 'Directory' });
    await done(`reader-${id}`);
    expect(await lab.log(`reader-${id}`)).toBe('hello\ndone\n');
    await run(`other-${id}`, 'node-2', 'ls -A /kv', { path });
    await done(`other-${id}`);
    expect(await lab.log(`other-${id}`)).toBe('done\n');
    await lab.delete(`writer-${id}`, 0);
    await lab.gone(`writer-${id}`);
    const hosts = new HostPaths(cluster.dataDir);
    const real = hosts.locate('node-1', `${path}/file`);
    expect(readFileSync(real, 'utf8')).toBe('hello\n');
    const memory = hostMemoryFolder(cluster.dataDir);
    if (memory) expect(real.startsWith(memory)).toBe(path.startsWith('/dev/shm'));
    if (memory && real.startsWith(memory)) {
      expect(statfsSync(dirname(real)).type).toBe(TMPFS);
      expect(statSync(memory).mode & 0o777).toBe(0o700);
    }
  });

  it('tells a pod its node, and puts real paths in its arguments and environment', async () => {
    const env = [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
      { name: 'KV', value: '/kv/$(NODE_NAME)' },
    ];
    const args = ['--node=$(NODE_NAME)', '--kv', '{"root_dir":"/kv/cpu"}', '--sub', '/sub'];
    const mounts = [...volumeMounts, { name: 'kv', mountPath: '/sub', subPath: 'deep/er' }];
    const spec = { nodeName: 'node-2', ...volume({ path: '/mnt/kv' }) };
    await lab.create('told', args, spec, { env, volumeMounts: mounts });
    await lab.running('told');
    const printed = JSON.parse((await lab.log('told')).split('\n')[0] ?? '') as {
      args: string[];
      env: Record<string, string>;
    };
    const real = join(cluster.dataDir, 'hosts', 'node-2', 'mnt/kv');
    expect(printed.args.slice(0, 5)).toEqual([
      '--node=node-2',
      '--kv',
      JSON.stringify({ root_dir: `${real}/cpu` }),
      '--sub',
      join(real, 'deep/er'),
    ]);
    expect(printed.env).toMatchObject({ NODE_NAME: 'node-2', HOST_IP: '127.0.0.1', KV: `${real}/node-2` });
    expect(statSync(join(real, 'deep/er')).isDirectory()).toBe(true);
  });

  it('finds a folder of memory that is mounted where it is', async () => {
    const spec = { nodeName: 'node-1', ...volume({ path: '/dev/shm' }) };
    const container = {
      env: [{ name: 'CPU', value: '/dev/shm/cpu' }],
      volumeMounts: [{ name: 'kv', mountPath: '/dev/shm' }],
    };
    await lab.create('shm', ['--cpu=$(CPU)'], spec, container);
    await lab.running('shm');
    const { args } = JSON.parse((await lab.log('shm')).split('\n')[0] ?? '') as { args: string[] };
    expect(args[0]).toBe(`--cpu=${new HostPaths(cluster.dataDir).locate('node-1', '/dev/shm/cpu')}`);
  });

  it('shares a folder between the daemon of a node and the other pods there', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    const labels = { app: 'daemon' };
    const script = 'echo "$NODE_NAME" > /tier/owner; exec sleep 1000';
    const spec = {
      ...volume({ path: '/dev/shm/tier', type: 'DirectoryOrCreate' }),
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: 'lab/any',
          command: ['sh', '-c', script],
          env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
          volumeMounts: [{ name: 'kv', mountPath: '/tier' }],
        },
      ],
    };
    await config.makeApiClient(AppsV1Api).createNamespacedDaemonSet({
      namespace: 'default',
      body: {
        metadata: { name: 'daemon' },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
    });
    for (const node of ['node-1', 'node-2']) {
      const wait = 'until [ -s /kv/owner ]; do sleep 0.1; done; cat /kv/owner';
      await run(`beside-${node}`, node, wait, { path: '/dev/shm/tier' });
      await done(`beside-${node}`);
      expect(await lab.log(`beside-${node}`)).toBe(`${node}\ndone\n`);
    }
  });

  it('waits for a path that must be there, and says so', async () => {
    await run('patient', 'node-1', 'true', { path: '/late', type: 'Directory' });
    const pod = await lab.until('patient', (p) => waiting(p) !== undefined);
    expect(waiting(pod)).toMatchObject({ reason: 'ContainerCreating' });
    expect(pod.status?.phase).toBe('Pending');
    const { items } = await lab.api.listNamespacedEvent({
      namespace: 'default',
      fieldSelector: 'involvedObject.name=patient',
    });
    expect(items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toContainEqual(
      expect.stringContaining(
        'Warning FailedMount: MountVolume.SetUp failed for volume "kv" : hostPath type check failed: /late is not a directory',
      ),
    );
    mkdirSync(join(cluster.dataDir, 'hosts', 'node-1', 'late'), { recursive: true });
    await done('patient');
  });

  it.each<[string, V1HostPathVolumeSource, string]>([
    [
      'type',
      { path: '/x', type: 'Socket' },
      'hostPath type Socket is not supported by the simulated kubelet',
    ],
    ['path', { path: 'x' }, 'hostPath "x": must be an absolute path'],
  ])('says that it cannot mount a wrong %s', async (what, hostPath, message) => {
    const name = `wrong-${what}`;
    await run(name, 'node-1', 'true', hostPath);
    await eventually(async () => {
      const { items } = await lab.api.listNamespacedEvent({
        namespace: 'default',
        fieldSelector: `involvedObject.name=${name},reason=FailedMount`,
      });
      expect(items[0]?.message).toContain(message);
    });
  });

  it('keeps the files of nodes as long as the data directory', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'host-paths-kept-'));
    const options = { images, podCidr: labCidr(10), nodes: 1 };
    for (const given of [dataDir, undefined]) {
      const one = await startDevCluster({ ...options, ...(given ? { dataDir: given } : {}) });
      const hosts = new HostPaths(one.dataDir);
      const files = ['/dev/shm/x', '/x'].map((path) => hosts.locate('node-1', path));
      for (const path of ['/dev/shm/x', '/x']) {
        const pod = { spec: { nodeName: 'node-1' } } as unknown as ApiObject;
        hosts.mount(pod, { path, type: 'FileOrCreate' });
      }
      const memory = hostMemoryFolder(one.dataDir);
      await one.stop();
      expect(files.map((file) => existsSync(file))).toEqual(given ? [true, true] : [false, false]);
      if (given && memory) rmSync(memory, { recursive: true });
      if (!given && memory) expect(existsSync(memory)).toBe(false);
    }
    rmSync(dataDir, { recursive: true });
  });
});
