import { expect, it } from '@jest/globals';
import { eventually } from '../contract-cluster.js';
import type { Kubectl } from './kubectl.js';
import { daemonSet, idleDeployment } from './manifests.js';

/** Nodes, and what runs on them. */
export function describeNodes(get: () => Kubectl): void {
  it('shows, cordons, taints and labels a node', async () => {
    const name = `n-${get().namespace}`;
    await get().cluster.addNode({ name, gpus: 8 });
    await eventually(async () =>
      expect(await get().ok(['get', 'node', name, '--no-headers'])).toMatch(/ Ready +<none> /),
    );
    expect(await get().ok(['cordon', name])).toBe(`node/${name} cordoned\n`);
    expect(await get().ok(['get', 'node', name, '--no-headers'])).toContain('Ready,SchedulingDisabled');
    await get().ok(['uncordon', name]);
    await get().ok(['taint', 'node', name, 'a=b:NoSchedule']);
    expect(await get().fails(['taint', 'node', name, 'a=c:NoSchedule'])).toContain('already has');
    expect(await get().ok(['describe', 'node', name])).toMatch(/^Taints: .*a=b:NoSchedule/m);
    await get().ok(['taint', 'node', name, 'a-']);
    expect(await get().ok(['describe', 'node', name])).toMatch(/nvidia.com\/gpu: +8/);
  });

  it('rolls out, restarts, drains and undoes a deployment', async () => {
    const name = `d-${get().namespace}`;
    await get().cluster.addNode({ name });
    const deployment = idleDeployment('rolled', 2);
    const spec = { ...deployment.spec.template.spec, nodeName: name };
    await get().ok(['create', '-f', '-'], {
      stdin: { ...deployment, spec: { ...deployment.spec, template: { ...deployment.spec.template, spec } } },
    });
    expect(await get().ok(['rollout', 'status', 'deployment/rolled', '--timeout=60s'])).toContain(
      'successfully rolled out',
    );
    expect(await get().ok(['get', 'deployment', 'rolled', '--no-headers'])).toMatch(/^rolled +2\/2 +2 +2 /);
    await get().ok(['rollout', 'restart', 'deployment/rolled']);
    await get().ok(['rollout', 'status', 'deployment/rolled', '--timeout=60s']);
    expect(await get().ok(['rollout', 'history', 'deployment/rolled'])).toMatch(/^2 +/m);
    await get().ok(['create', 'pdb', 'rolled', '--selector=app=rolled', '--min-available=2']);
    await eventually(async () => {
      const evict = await get().fails(['drain', name, '--ignore-daemonsets', '--timeout=2s']);
      expect(evict).toContain("Cannot evict pod as it would violate the pod's disruption budget");
    }, 30_000);
    await get().ok(['delete', 'pdb', 'rolled']);
    await get().ok(['scale', 'deployment', 'rolled', '--replicas=0']);
    await get().ok(['wait', '--for=delete', 'pod', '-l', 'app=rolled', '--timeout=60s']);
    await get().ok(['drain', name, '--ignore-daemonsets', '--timeout=60s']);
  });

  it('rolls out, restarts and undoes a daemon set, and leaves its pods out of a drain', async () => {
    const name = `ds-${get().namespace}`;
    await get().cluster.addNode({ name });
    await get().ok(['label', 'node', name, `kubernetes.io/hostname=${name}`, '--overwrite']);
    await get().ok(['create', '-f', '-'], { stdin: daemonSet('daemon', name) });
    const rolledOut = () => get().ok(['rollout', 'status', 'daemonset/daemon', '--timeout=60s']);
    expect(await rolledOut()).toContain('successfully rolled out');
    expect(await get().ok(['get', 'daemonset', 'daemon', '--no-headers'])).toMatch(
      /^daemon +1 +1 +1 +1 +1 +kubernetes.io\/hostname=/,
    );
    await get().ok(['set', 'image', 'daemonset/daemon', 'main=nginx:2']);
    await rolledOut();
    await get().ok(['rollout', 'restart', 'daemonset/daemon']);
    await rolledOut();
    expect(await get().ok(['rollout', 'history', 'daemonset/daemon'])).toMatch(/^1 +.*\n2 +.*\n3 +/m);
    expect(await get().ok(['rollout', 'undo', 'daemonset/daemon', '--to-revision=1'])).toContain(
      'rolled back',
    );
    await rolledOut();
    const images = 'jsonpath={.items[*].spec.containers[*].image}';
    expect(await get().ok(['get', 'pods', '-l', 'app=daemon', '-o', images])).toBe('nginx');
    expect(await get().fails(['drain', name, '--timeout=5s'])).toContain(
      'cannot delete DaemonSet-managed Pods',
    );
    expect(await get().ok(['drain', name, '--ignore-daemonsets', '--timeout=60s'])).toContain('drained');
    expect(await get().ok(['get', 'daemonset', 'daemon', '--no-headers'])).toMatch(/^daemon +1 +1 +1 /);
    await get().ok(['delete', 'daemonset', 'daemon', '--timeout=60s']);
    await get().ok(['wait', '--for=delete', 'pod', '-l', 'app=daemon', '--timeout=60s']);
  });
}
