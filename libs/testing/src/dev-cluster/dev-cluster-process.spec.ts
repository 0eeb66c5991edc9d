import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { DevClusterProcess } from './test/dev-cluster-process.js';
import { isReady, LAB_IMAGES, labCidr, PodLab, restarts } from './test/pod-lab.js';

describe('dev cluster process', () => {
  let dataDir: string;
  let cluster: DevClusterProcess | undefined;
  const image = `lab/server=${JSON.stringify(LAB_IMAGES['lab/server']?.command)}`;
  const flags = ['--image', image, '--pod-cidr', labCidr(1), '--nodes', '1'];

  const start = async (more: string[] = []): Promise<PodLab> => {
    cluster = await DevClusterProcess.start(dataDir, [...flags, ...more]);
    return new PodLab(cluster.kubeconfig);
  };
  const restart = async (signal: NodeJS.Signals): Promise<PodLab> => {
    const port = cluster?.port ?? '0';
    await cluster?.signal(signal);
    return start(['--port', port]);
  };

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'penstock-dev-cluster-test-'));
  });
  afterEach(async () => {
    await cluster?.signal('SIGTERM');
    cluster = undefined;
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('writes a kubeconfig only its owner can read', async () => {
    await start();
    expect(statSync(join(dataDir, 'kubeconfig')).mode & 0o777).toBe(0o600);
  });

  it('keeps every acknowledged write through kill -9, and its resourceVersions', async () => {
    const lab = await start();
    let acknowledged = 0;
    const writing = (async () => {
      for (let i = 0; ; i++) {
        await lab.api.createNamespacedConfigMap({
          namespace: 'default',
          body: { metadata: { name: `c${String(i).padStart(5, '0')}` } },
        });
        acknowledged = i + 1;
      }
    })().catch(() => undefined);
    // By count and not by time, which says nothing on a busy machine.
    while (acknowledged <= 20) await new Promise((resolve) => setTimeout(resolve, 5));
    const killed = cluster?.signal('SIGKILL');
    await writing;
    expect(await killed).toBe('SIGKILL');
    const again = await start(['--port', cluster?.port ?? '0']);
    const list = await again.api.listNamespacedConfigMap({ namespace: 'default' });
    const names = list.items.map((item) => item.metadata?.name);
    for (let i = 0; i < acknowledged; i++) expect(names).toContain(`c${String(i).padStart(5, '0')}`);
    const newest = Math.max(...list.items.map((item) => Number(item.metadata?.resourceVersion)));
    const next = await again.api.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'next' } },
    });
    expect(Number(next.metadata?.resourceVersion)).toBeGreaterThan(newest);
  });

  it('lets a watch resume across kill -9', async () => {
    const lab = await start();
    const make = (name: string, on: PodLab) =>
      on.api.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name } } });
    const first = await make('before', lab);
    await make('missed', lab);
    const again = await restart('SIGKILL');
    const config = new KubeConfig();
    config.loadFromString(again.kubeconfig);
    const seen: string[] = [];
    await make('after', again);
    await new Promise<void>((resolve, reject) => {
      const query = { resourceVersion: first.metadata?.resourceVersion, timeoutSeconds: 1 };
      new Watch(config)
        .watch(
          '/api/v1/namespaces/default/configmaps',
          query,
          (type, object: { metadata: { name: string } }) => seen.push(`${type} ${object.metadata.name}`),
          () => resolve(),
        )
        .catch(reject);
    });
    expect(seen).toEqual(['ADDED missed', 'ADDED after']);
  });

  it('starts after a torn last line, and refuses a broken one before it', async () => {
    const lab = await start();
    await lab.api.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'kept' } } });
    await cluster?.signal('SIGKILL');
    const journal = join(dataDir, 'objects', 'journal.jsonl');
    appendFileSync(journal, '{"rv":99,"op":"put","res":"configm');
    const again = await start();
    await again.api.readNamespacedConfigMap({ namespace: 'default', name: 'kept' });
    await again.api.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'later' } },
    });
    await cluster?.signal('SIGKILL');
    expect(
      readFileSync(journal, 'utf8')
        .split('\n')
        .filter(Boolean)
        .every((line) => JSON.parse(line)),
    ).toBe(true);
    appendFileSync(journal, 'nonsense\n{"rv":100}\n');
    await expect(start()).rejects.toThrow(/journal\.jsonl line \d+ is not JSON/);
    cluster = undefined;
  });

  it('takes over running pods after kill -9, and notices those that died meanwhile', async () => {
    const lab = await start();
    await lab.create('survivor');
    await lab.create('casualty');
    const survivor = await lab.running('survivor');
    const casualty = await lab.running('casualty');
    const before = { survivor: await lab.call(survivor), casualty: await lab.call(casualty) };
    await cluster?.signal('SIGKILL');
    process.kill(before.casualty.pid, 'SIGKILL');
    expect((await lab.call(survivor)).pid).toBe(before.survivor.pid);

    const again = await start(['--port', cluster?.port ?? '0']);
    const adopted = await again.read('survivor');
    expect(isReady(adopted)).toBe(true);
    expect(restarts(adopted)).toBe(0);
    expect(adopted.status?.podIP).toBe(survivor.status?.podIP);
    const restarted = await again.until('casualty', (p) => restarts(p) === 1 && isReady(p));
    expect(restarted.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      reason: 'ContainerStatusUnknown',
    });
    expect((await again.call(restarted)).pid).not.toBe(before.casualty.pid);
    expect((await again.call(adopted)).pid).toBe(before.survivor.pid);

    process.kill(before.survivor.pid, 'SIGKILL');
    const replaced = await again.until('survivor', (p) => restarts(p) === 1 && isReady(p));
    expect((await again.call(replaced)).pid).not.toBe(before.survivor.pid);

    const last = await restart('SIGKILL');
    expect(restarts(await last.read('survivor'))).toBe(1);
    await last.delete('casualty');
    await last.gone('casualty');
  });

  it('stops its pods on SIGTERM, and starts them again next time', async () => {
    const lab = await start();
    await lab.create('resting');
    const { pid } = await lab.call(await lab.running('resting'));
    expect(await cluster?.signal('SIGTERM')).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const again = await start();
    const pod = await again.until('resting', (p) => restarts(p) === 1 && isReady(p));
    expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(0);
  });

  it('keeps a second one away from its data and its port', async () => {
    await start();
    await expect(DevClusterProcess.start(dataDir)).rejects.toThrow(
      /is in use by a dev cluster \(process \d+\)/,
    );
    const other = mkdtempSync(join(tmpdir(), 'penstock-dev-cluster-test-'));
    await expect(DevClusterProcess.start(other, ['--port', cluster?.port ?? ''])).rejects.toThrow(
      /the port is taken/,
    );
    rmSync(other, { recursive: true, force: true });
  });

  it('says what is wrong with its flags', async () => {
    await expect(DevClusterProcess.start(dataDir, ['--pod-cidr', '10.0.0.0/8'])).rejects.toThrow(
      /--pod-cidr 10.0.0.0\/8: expected/,
    );
    await expect(DevClusterProcess.start(dataDir, ['--image', 'nothing'])).rejects.toThrow(
      /expected name=program/,
    );
    await expect(DevClusterProcess.start(dataDir, ['--nodes', 'x'])).rejects.toThrow(/whole number/);
  });
});
