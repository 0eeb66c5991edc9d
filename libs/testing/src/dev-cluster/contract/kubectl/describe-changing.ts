import { expect, it } from '@jest/globals';
import type { Kubectl } from './kubectl.js';
import { configMap, idleDeployment, waitingPod } from './manifests.js';

/** Changing what is there. */
export function describeChanging(get: () => Kubectl): void {
  const created = async (manifest: object) => get().ok(['create', '-f', '-'], { stdin: manifest });
  const images = (name: string) =>
    get().ok(['get', 'deployment', name, '-o', 'jsonpath={.spec.template.spec.containers[*].image}']);

  it('labels and annotates', async () => {
    await created(configMap('labelled', {}));
    expect(await get().ok(['label', 'cm', 'labelled', 'a=1'])).toBe('configmap/labelled labeled\n');
    expect(await get().fails(['label', 'cm', 'labelled', 'a=2'])).toContain('already has a value');
    await get().ok(['label', 'cm', 'labelled', 'a=2', '--overwrite']);
    await get().ok(['annotate', 'cm', 'labelled', 'note=hello']);
    expect(await get().get('cm', 'labelled')).toMatchObject({
      metadata: { labels: { a: '2' }, annotations: { note: 'hello' } },
    });
    await get().ok(['label', 'cm', 'labelled', 'a-']);
    expect(await get().get('cm', 'labelled')).not.toHaveProperty('metadata.labels');
  });

  it('sets images, variables and limits of a deployment', async () => {
    await created(idleDeployment('set'));
    await get().ok(['set', 'image', 'deployment/set', 'main=nginx:2']);
    expect(await images('set')).toBe('nginx:2');
    await get().ok(['set', 'env', 'deployment/set', 'A=b']);
    await get().ok(['set', 'resources', 'deployment/set', '--limits=cpu=1500m']);
    expect(await get().get('deployment', 'set')).toMatchObject({
      metadata: { generation: 4 },
      spec: {
        template: {
          spec: {
            containers: [
              {
                env: [{ name: 'A', value: 'b' }],
                resources: { limits: { cpu: '1500m' } },
              },
            ],
          },
        },
      },
    });
  });

  it('patches in all three ways, and merges lists by their keys in one of them', async () => {
    await created(idleDeployment('patched'));
    const container = (body: object) => ({ spec: { template: { spec: { containers: [body] } } } });
    const patch = (...args: string[]) => get().ok(['patch', 'deployment', 'patched', ...args]);
    await patch('-p', JSON.stringify(container({ name: 'second', image: 'busybox' })));
    expect(await images('patched')).toBe('busybox nginx');
    await patch('-p', JSON.stringify(container({ $patch: 'delete', name: 'second' })));
    expect(await images('patched')).toBe('nginx');
    await patch('-p', '{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}');
    expect(await get().get('deployment', 'patched')).toMatchObject({
      spec: { strategy: { type: 'Recreate' } },
    });
    await patch('--type=json', '-p', '[{"op":"add","path":"/metadata/labels/x","value":"y"}]');
    await patch('--type=merge', '-p', '{"metadata":{"labels":{"app":null}}}');
    expect((await get().get<{ metadata: object }>('deployment', 'patched')).metadata).toMatchObject({
      labels: { x: 'y' },
    });
    expect(
      await get().fails([
        'patch',
        'deployment',
        'patched',
        '-p',
        '{"spec":{"selector":{"matchLabels":{"app":"z"}}}}',
      ]),
    ).toContain('field is immutable');
  });

  it('edits, and says what is wrong with an edit', async () => {
    await created(configMap('edited', { a: 'before' }));
    const edit = (expression: string) => ({ env: { KUBE_EDITOR: `sed -i ${expression}` } });
    expect(await get().ok(['edit', 'cm', 'edited'], edit('s/before/after/'))).toBe(
      'configmap/edited edited\n',
    );
    expect(await get().get('cm', 'edited')).toMatchObject({ data: { a: 'after' } });
    expect((await get().run(['edit', 'cm', 'edited'], edit('s/nothing/else/'))).stderr).toContain(
      'no changes made',
    );
  });

  it('replaces, and refuses what others have changed since', async () => {
    await created(configMap('replaced', { a: '1' }));
    const old = await get().get('cm', 'replaced');
    await get().ok(['replace', '-f', '-'], { stdin: configMap('replaced', { b: '1' }) });
    expect(await get().get('cm', 'replaced')).toMatchObject({ data: { b: '1' } });
    expect(await get().fails(['replace', '-f', '-'], { stdin: old })).toContain(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it('scales, and only from the size it was told', async () => {
    await created(idleDeployment('scaled'));
    expect(
      await get().fails(['scale', 'deployment', 'scaled', '--replicas=1', '--current-replicas=7']),
    ).toContain('Expected replicas to be 7, was 0');
    await get().ok(['rollout', 'pause', 'deployment', 'scaled']);
    await get().ok(['scale', 'deployment', 'scaled', '--replicas=0']);
    expect(
      await get().ok([
        'get',
        'deployment',
        'scaled',
        '--subresource=scale',
        '-o',
        'jsonpath={.spec}{.status}',
      ]),
    ).toContain('"selector":"app=scaled"');
  });

  it('refuses changes of a pod that cannot be', async () => {
    await created(waitingPod('fixed'));
    expect(
      await get().fails(['patch', 'pod', 'fixed', '-p', '{"spec":{"restartPolicy":"Never"}}']),
    ).toContain('spec: Forbidden: pod updates may not change fields other than');
    await get().ok(['set', 'image', 'pod/fixed', 'main=nginx:2']);
  });
}
