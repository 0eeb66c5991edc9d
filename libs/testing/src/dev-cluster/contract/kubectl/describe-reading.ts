import { beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../contract-cluster.js';
import type { Kubectl } from './kubectl.js';
import { configMap, waitingPod } from './manifests.js';

const columns = (table: string): string[] =>
  (table.split('\n')[0] ?? '').split(/\s{2,}/).map((c) => c.trim());

/** Looking at objects. */
export function describeReading(get: () => Kubectl): void {
  beforeAll(async () => {
    for (const [name, tier] of [
      ['r1', 'a'],
      ['r2', 'b'],
    ] as const)
      await get().ok(['create', '-f', '-'], { stdin: waitingPod(name, 'nginx:1', { reading: 'yes', tier }) });
  });

  it('prints pods as a table', async () => {
    const table = await get().ok(['get', 'pods', '-l', 'reading=yes']);
    expect(columns(table)).toEqual(['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE']);
    expect(table).toMatch(/^r1 +0\/1 +Pending +0 +\d+s$/m);
  });

  it('prints more of them when asked', async () => {
    const wide = await get().ok(['get', 'pods', 'r1', '-o', 'wide']);
    expect(columns(wide).slice(5)).toEqual(['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES']);
    expect(await get().ok(['get', 'pods', 'r1', '--no-headers', '--show-labels'])).toContain('reading=yes');
  });

  it('prints names, JSON, YAML, paths and columns of one’s own', async () => {
    expect(await get().ok(['get', 'po', '-l', 'reading', '-o', 'name'])).toBe('pod/r1\npod/r2\n');
    expect(await get().get('pod', 'r1')).toMatchObject({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'r1' },
    });
    expect(await get().get('pods', '-l', 'reading')).toMatchObject({
      kind: 'List',
      items: [{ kind: 'Pod' }, {}],
    });
    expect(await get().ok(['get', 'pod', 'r1', '-o', 'yaml'])).toContain('image: nginx:1');
    const path = 'jsonpath={.items[*].spec.containers[0].image}';
    expect(await get().ok(['get', 'pods', '-l', 'reading', '-o', path])).toBe('nginx:1 nginx:1');
    const own = ['-o', 'custom-columns=N:.metadata.name,I:.spec.containers[0].image', '--no-headers'];
    expect(await get().ok(['get', 'pod', 'r2', ...own])).toMatch(/^r2 +nginx:1\n$/);
  });

  it('selects by labels and fields', async () => {
    expect(await get().ok(['get', 'pods', '-l', 'reading,tier notin (a)', '-o', 'name'])).toBe('pod/r2\n');
    const fields = 'status.phase=Pending,metadata.name=r1';
    expect(await get().ok(['get', 'pods', '--field-selector', fields, '-o', 'name'])).toBe('pod/r1\n');
    expect(await get().fails(['get', 'pods', '--field-selector', 'spec.none=1'])).toContain('not supported');
  });

  it('looks into all namespaces, at several kinds, and sorts', async () => {
    await get().ok(['apply', '-f', '-'], { stdin: configMap('several', {}) });
    const all = await get().ok(['get', 'pods', '-A', '-l', 'reading']);
    expect(columns(all)[0]).toBe('NAMESPACE');
    expect(all).toMatch(new RegExp(`^${get().namespace} +r1 `, 'm'));
    const both = await get().ok(['get', 'cm/several', 'pod/r1', '-o', 'name']);
    expect(both).toBe('configmap/several\npod/r1\n');
    const kinds = await get().ok(['get', 'configmaps,pods', '-l', 'reading', '-o', 'name']);
    expect(kinds).toBe('pod/r1\npod/r2\n');
    const sorted = ['get', 'pods', '-l', 'reading', '--sort-by=.metadata.labels.tier', '-o', 'name'];
    expect(await get().ok(sorted)).toBe('pod/r1\npod/r2\n');
  });

  it('says what it does not find', async () => {
    expect(await get().fails(['get', 'cm', 'nope'])).toBe(
      'Error from server (NotFound): configmaps "nope" not found\n',
    );
    expect(await get().fails(['get', 'nothing'])).toContain(
      'the server doesn\'t have a resource type "nothing"',
    );
    expect((await get().run(['get', 'pods', '-l', 'reading=never'])).stderr).toContain('No resources found');
  });

  it('follows changes, as rows and with their kinds', async () => {
    const watch = get().follow([
      'get',
      'pods',
      '-l',
      'watched',
      '--watch',
      '--output-watch-events',
      '--no-headers',
    ]);
    await get().ok(['get', 'pods', 'r1', '-o', 'name']);
    await get().ok(['create', '-f', '-'], { stdin: waitingPod('w1', 'nginx:1', { watched: 'yes' }) });
    await eventually(() => expect(watch.lines()[0]).toMatch(/^ADDED +w1 +0\/1 +Pending/));
    await get().ok(['label', 'pod', 'w1', 'more=yes']);
    await get().ok(['delete', 'pod', 'w1']);
    await eventually(() => expect(watch.lines().at(-1)).toMatch(/^DELETED +w1/));
    expect(watch.lines().some((line) => /^MODIFIED +w1/.test(line))).toBe(true);
    watch.stop();
  });

  it('describes a pod with its events', async () => {
    const { uid } = (await get().get<{ metadata: { uid: string } }>('pod', 'r1')).metadata;
    const about = { apiVersion: 'v1', kind: 'Pod', name: 'r1', namespace: get().namespace, uid };
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'r1.seen' },
      involvedObject: about,
      type: 'Warning',
      reason: 'Seen',
      message: 'it was seen',
      source: { component: 'tester' },
      firstTimestamp: new Date().toISOString(),
      lastTimestamp: new Date().toISOString(),
      count: 3,
    };
    await get().ok(['create', '-f', '-'], { stdin: event });
    const text = await get().ok(['describe', 'pod', 'r1']);
    for (const line of [
      /^Name: +r1$/m,
      /^Status: +Pending$/m,
      /^ +Image: +nginx:1$/m,
      /^QoS Class: +BestEffort$/m,
    ])
      expect(text).toMatch(line);
    expect(text).toMatch(/Warning +Seen +\S+( \(x3 over \S+\))? +tester +it was seen/);
    expect(await get().ok(['events', '--for', 'pod/r1'])).toMatch(/Warning +Seen +Pod\/r1 +it was seen/);
    expect(await get().ok(['get', 'events', '--field-selector', 'involvedObject.name=r1'])).toMatch(
      /Warning +Seen +pod\/r1 +it was seen/,
    );
    expect(await get().get('events.events.k8s.io', 'r1.seen')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'it was seen',
      regarding: { name: 'r1' },
      deprecatedCount: 3,
    });
  });

  it('explains kinds', async () => {
    expect(await get().ok(['explain', 'pod.spec.containers'])).toMatch(/^ +image\t<string>/m);
    expect(await get().ok(['explain', 'deployment.spec.replicas'])).toContain('replicas <integer>');
    expect(await get().ok(['explain', 'podgroups.spec.schedulingPolicy.gang'])).toContain('minCount');
    expect(await get().fails(['explain', 'pod.spec.nothing'])).toContain('field "nothing" does not exist');
  });

  it('knows the kinds, groups and version of the server', async () => {
    const resources = await get().ok(['api-resources', '--no-headers']);
    for (const line of [
      /^pods +po +v1 +true +Pod$/m,
      /^nodes +no +v1 +false +Node$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      /^horizontalpodautoscalers +hpa +autoscaling\/v2 +true +HorizontalPodAutoscaler$/m,
      /^resourceclaims +resource.k8s.io\/v1 +true +ResourceClaim$/m,
      /^podgroups +scheduling.k8s.io\/v1alpha2 +true +PodGroup$/m,
      /^customresourcedefinitions +crd,crds +apiextensions.k8s.io\/v1 +false +CustomResourceDefinition$/m,
    ])
      expect(resources).toMatch(line);
    expect((await get().ok(['api-versions'])).split('\n')).toEqual(
      expect.arrayContaining(['v1', 'apps/v1', 'coordination.k8s.io/v1', 'policy/v1']),
    );
    expect(await get().ok(['version'])).toMatch(/^Server Version: v1\.36\./m);
    expect(await get().ok(['auth', 'can-i', 'create', 'pods'])).toBe('yes\n');
  });
}
