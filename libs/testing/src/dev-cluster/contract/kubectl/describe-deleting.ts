import { expect, it } from '@jest/globals';
import { eventually } from '../contract-cluster.js';
import type { Kubectl } from './kubectl.js';
import { configMap, waitingPod } from './manifests.js';

/** Deleting, and waiting for what comes. */
export function describeDeleting(get: () => Kubectl): void {
  const created = async (manifest: object) => get().ok(['create', '-f', '-'], { stdin: manifest });

  it('deletes by name, selector and manifest', async () => {
    for (const name of ['d1', 'd2', 'd3']) await created(configMap(name, {}));
    await get().ok(['label', 'cm', 'd2', 'd3', 'going=yes']);
    expect(await get().ok(['delete', 'cm', 'd1'])).toContain('configmap "d1" deleted');
    await get().ok(['delete', 'cm', '-l', 'going=yes']);
    expect(await get().fails(['delete', 'cm', 'd2'])).toContain('NotFound');
    expect(await get().ok(['delete', 'cm', 'd2', '--ignore-not-found'])).toBe('');
    await get().ok(['delete', '--ignore-not-found', '-f', '-'], { stdin: configMap('d3', {}) });
  });

  it('waits for finalizers', async () => {
    await created({
      ...configMap('held', {}),
      metadata: { name: 'held', finalizers: ['penstock.dev/hold'] },
    });
    await get().ok(['delete', 'cm', 'held', '--wait=false']);
    const deletion = get().run(['wait', '--for=delete', 'cm/held', '--timeout=30s']);
    expect(await get().get('cm', 'held')).toHaveProperty('metadata.deletionTimestamp');
    await get().ok(['patch', 'cm', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    expect((await deletion).code).toBe(0);
  });

  it('deletes a pod with its grace, or at once', async () => {
    const pod = waitingPod('graceful');
    await created({ ...pod, spec: { ...pod.spec, nodeName: 'no-such-node' } });
    await get().ok(['delete', 'pod', 'graceful', '--wait=false', '--grace-period=100']);
    expect(await get().get('pod', 'graceful')).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 100 },
    });
    expect(await get().ok(['get', 'pod', 'graceful', '--no-headers'])).toContain('Terminating');
    await get().ok(['delete', 'pod', 'graceful', '--force', '--grace-period=0']);
    expect(await get().fails(['get', 'pod', 'graceful'])).toContain('NotFound');
  });

  it.each([
    ['orphan', false],
    ['background', true],
    ['foreground', true],
  ])('deletes an owner with --cascade=%s', async (cascade, takesDependents) => {
    const name = `owner-${cascade}`;
    await created(configMap(name, {}));
    const { uid } = (await get().get<{ metadata: { uid: string } }>('cm', name)).metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }];
    await created({
      ...configMap(`${name}-child`, {}),
      metadata: { name: `${name}-child`, ownerReferences },
    });
    await get().ok(['delete', 'cm', name, `--cascade=${cascade}`]);
    if (takesDependents) {
      await eventually(
        async () => expect(await get().fails(['get', 'cm', `${name}-child`])).toContain('NotFound'),
        60_000,
      );
    } else {
      expect(await get().get('cm', `${name}-child`)).not.toHaveProperty('metadata.ownerReferences');
    }
  });

  it('waits for conditions and values', async () => {
    await created(waitingPod('awaited'));
    expect(await get().fails(['wait', 'pod/awaited', '--for=condition=Ready', '--timeout=1s'])).toContain(
      'timed out waiting for the condition',
    );
    const waiting = get().run(['wait', 'pod/awaited', '--for=condition=Ready', '--timeout=30s']);
    const conditions = [{ type: 'Ready', status: 'True' }];
    const patch = JSON.stringify({ status: { conditions } });
    await get().ok(['patch', 'pod', 'awaited', '--subresource=status', '-p', patch]);
    expect(await waiting).toMatchObject({ code: 0, stdout: 'pod/awaited condition met\n' });
    await get().ok(['wait', 'pod/awaited', '--for=jsonpath={.spec.schedulerName}=nobody', '--timeout=10s']);
  });

  it('deletes a namespace with all it holds', async () => {
    const name = `${get().namespace}-gone`;
    await get().ok(['create', 'namespace', name]);
    await get().ok(['create', 'configmap', 'inside', '-n', name]);
    await get().ok(['delete', 'namespace', name, '--timeout=60s']);
    expect(await get().fails(['get', 'namespace', name])).toContain('NotFound');
  });
}
