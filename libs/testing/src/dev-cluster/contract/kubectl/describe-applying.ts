import { expect, it } from '@jest/globals';
import type { Kubectl } from './kubectl.js';
import { configMap, idleDeployment, waitingPod } from './manifests.js';

interface Managed {
  readonly metadata: { readonly managedFields: { manager: string; operation: string }[] };
}

/** Declaring what should be, from the client's memory and from the server's. */
export function describeApplying(get: () => Kubectl): void {
  const apply = (manifest: object, ...args: string[]) =>
    get().ok(['apply', '-f', '-', ...args], { stdin: manifest });
  const serverSide = (manifest: object, ...args: string[]) => apply(manifest, '--server-side', ...args);
  const data = (name: string) => get().ok(['get', 'cm', name, '-o', 'jsonpath={.data}']);

  it('creates, changes, and leaves alone', async () => {
    expect(await apply(configMap('applied', { a: '1', b: '1' }))).toBe('configmap/applied created\n');
    expect(await apply(configMap('applied', { a: '1', b: '1' }))).toBe('configmap/applied unchanged\n');
    await get().ok(['patch', 'cm', 'applied', '--type=merge', '-p', '{"data":{"other":"1"}}']);
    expect(await apply(configMap('applied', { a: '2' }))).toBe('configmap/applied configured\n');
    // What was declared and is no more goes; what others added stays.
    expect(JSON.parse(await data('applied'))).toEqual({ a: '2', other: '1' });
  });

  it('merges lists of a pod and of a deployment by their keys', async () => {
    await apply(waitingPod('merged'));
    await get().ok(['set', 'image', 'pod/merged', 'main=nginx:5']);
    expect(await apply(waitingPod('merged', 'nginx:6'))).toBe('pod/merged configured\n');
    await apply(idleDeployment('merged'));
    await get().ok(['set', 'env', 'deployment/merged', 'KEPT=yes']);
    const next = idleDeployment('merged');
    next.spec.template.spec.containers[0] = { name: 'main', image: 'nginx:7' };
    await apply(next);
    expect(await get().get('deployment', 'merged')).toMatchObject({
      spec: {
        template: { spec: { containers: [{ image: 'nginx:7', env: [{ name: 'KEPT', value: 'yes' }] }] } },
      },
    });
  });

  it('shows the difference before', async () => {
    await apply(configMap('differing', { a: '1' }));
    expect(await get().ok(['diff', '-f', '-'], { stdin: configMap('differing', { a: '1' }) })).toBe('');
    const text = await get().fails(['diff', '-f', '-'], { stdin: configMap('differing', { a: '2' }) });
    expect(text).toMatch(/^-\s+a: "1"$/m);
    expect(text).toMatch(/^\+\s+a: "2"$/m);
    expect(await data('differing')).toBe('{"a":"1"}');
  });

  it('on the server: owns what it names, and refuses what others own', async () => {
    expect(await serverSide(configMap('owned', { a: '1' }))).toBe('configmap/owned serverside-applied\n');
    const conflict = await get().fails(['apply', '--server-side', '--field-manager=other', '-f', '-'], {
      stdin: configMap('owned', { a: '2' }),
    });
    expect(conflict).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.a');
    await serverSide(configMap('owned', { a: '2' }), '--field-manager=other', '--force-conflicts');
    expect(await data('owned')).toBe('{"a":"2"}');
    const { metadata } = await get().get<Managed>('cm', 'owned', '--show-managed-fields');
    expect(metadata.managedFields.map((m) => [m.manager, m.operation])).toEqual([['other', 'Apply']]);
  });

  it('on the server: keeps containers that others declared', async () => {
    await serverSide(idleDeployment('shared'));
    const sidecar = idleDeployment('shared') as { spec: Record<string, unknown> };
    sidecar.spec = { template: { spec: { containers: [{ name: 'sidecar', image: 'busybox' }] } } };
    await serverSide(sidecar, '--field-manager=injector');
    await serverSide(idleDeployment('shared'));
    expect(
      await get().ok([
        'get',
        'deployment',
        'shared',
        '-o',
        'jsonpath={.spec.template.spec.containers[*].name}',
      ]),
    ).toBe('main sidecar');
  });

  it('goes over from the client to the server without a conflict', async () => {
    await apply(configMap('moved', { a: '1', b: '1' }));
    expect(await serverSide(configMap('moved', { a: '2' }))).toBe('configmap/moved serverside-applied\n');
    expect(await data('moved')).toBe('{"a":"2"}');
    const { metadata } = await get().get<Managed>('cm', 'moved', '--show-managed-fields');
    expect(metadata.managedFields.map((m) => m.manager)).not.toContain('kubectl-client-side-apply');
  });

  it('refuses to own fields there are not', async () => {
    const manifest = { ...configMap('unknown', {}), nothing: 1 };
    expect(
      await get().fails(['apply', '--server-side', '--validate=false', '-f', '-'], { stdin: manifest }),
    ).toContain('.nothing: field not declared in schema');
  });
}
