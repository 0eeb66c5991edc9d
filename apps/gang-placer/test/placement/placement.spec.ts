import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeKind, podGangKind, podKind } from '@penstock/contracts';
import { ClusterError } from '@penstock/core/ports';
import { until } from '@penstock/testing';
import { GPU, NAMESPACE, PlacementWorld, RunningPlacement } from './placement-lab.js';

describe('placement of gangs', () => {
  let world: PlacementWorld;
  let placer: RunningPlacement | undefined;

  beforeEach(async () => {
    world = new PlacementWorld();
    await world.start();
  });
  afterEach(async () => {
    await placer?.stop();
    placer = undefined;
    await world.stop();
  });
  const start = (flags: string[] = []) => {
    placer = new RunningPlacement(world, world.cluster, 'placer-a', flags);
  };
  const phaseIs = (gang: string, phase: string) =>
    until(async () => (await world.placement(gang))?.status?.phase === phase);

  it('binds a whole gang where its decision says, and tells of it', async () => {
    await world.addNode('a', 8, { labels: { rack: '1' } });
    await world.addNode('b', 8, { labels: { rack: '2' } });
    await world.addNode('c', 8, { labels: { rack: '2' } });
    await world.addGang('gang', [{ pods: 1, gpus: 0 }, { pods: 2 }], { rack: 'required' });
    start();
    await phaseIs('gang', 'Bound');
    const placement = await world.placement('gang');
    expect(placement?.spec).toMatchObject({
      attempt: 1,
      topology: { key: 'rack', domain: '2' },
      score: 1,
      snapshot: { nodes: 3, pods: 0, reservedPods: 0 },
      decidedBy: { replica: 'placer-a', leaseTransitions: 1 },
    });
    expect(placement?.status).toMatchObject({ boundPods: 3, observedAttempt: 1 });
    expect(placement?.metadata.ownerReferences).toMatchObject([
      { kind: 'PodGang', name: 'gang', controller: true },
    ]);
    const decided = Object.fromEntries(placement?.spec.assignments.map(({ pod, node }) => [pod, node]) ?? []);
    expect(await world.bound()).toEqual(decided);
    expect(new Set([decided['gang-g1-0'], decided['gang-g1-1']])).toEqual(new Set(['b', 'c']));
    await until(() => world.told('placement.bound').length === 1);
    expect(world.told('placement.decided')).toMatchObject([
      { gang: { kind: 'PodGang', namespace: NAMESPACE, name: 'gang' }, domain: 'rack=2', attempt: 1 },
    ]);
    expect(world.told('placement.bound')[0]).toMatchObject({ waitedMs: expect.any(Number) });
    await until(async () => {
      const gang = await world.cluster.get(podGangKind, NAMESPACE, 'gang');
      return gang?.status?.placementScore === 1;
    });
  });

  it('binds nothing of a gang that does not fit whole, and says everywhere why', async () => {
    await world.addNode('a', 8, { labels: { rack: '1' } });
    await world.addNode('b', 8, { labels: { rack: '2' } });
    await world.addGang('gang', [{ pods: 2 }], { rack: 'required' });
    start();
    await until(async () => (await world.condition('gang', 'Scheduled'))?.status === 'False');
    const message =
      '2/2 nodes are available; best domain rack=1 fits 1 of 2 pods, then Insufficient nvidia.com/gpu';
    expect(await world.condition('gang', 'Scheduled')).toMatchObject({ reason: 'Unschedulable', message });
    await until(() => world.told('placement.refused').length > 0);
    expect(world.told('placement.refused')[0]?.['reasons']).toEqual([message]);
    await until(async () => (await world.pods()).every(({ status }) => status?.conditions?.length === 1));
    expect((await world.pods())[0]?.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    ]);
    expect(await world.bound()).toEqual({});
    expect(await world.placement('gang')).toBeUndefined();
    // Room appears: the gang is placed without anybody touching it.
    const startMs = performance.now();
    await world.addNode('c', 8, { labels: { rack: '2' } });
    await phaseIs('gang', 'Bound');
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(Object.values(await world.bound()).sort()).toEqual(['b', 'c']);
  });

  it('repeats a refusal of the same reason only now and then', async () => {
    await world.addNode('a', 4);
    await world.addGang('gang', [{ pods: 1 }]);
    start(['--refusal-interval-ms=60000']);
    await until(() => world.told('placement.refused').length > 0);
    for (let i = 0; i < 5; i++) await world.addNode(`more-${i}`, 4);
    await until(
      async () => (await world.condition('gang', 'Scheduled'))?.message.startsWith('0/6 nodes') ?? false,
    );
    const sameReason = world
      .told('placement.refused')
      .filter(({ reasons }) => String(reasons).startsWith('0/1'));
    expect(sameReason).toHaveLength(1);
  });

  it('waits for pods and gates, and places the more important gang first', async () => {
    await world.addNode('a', 8);
    await world.addGang('incomplete', [{ pods: 1 }], { initialized: false, priority: 9 });
    await world.addGang('gated', [{ pods: 1 }], { gated: true, priority: 9 });
    await world.addGang('low', [{ pods: 1 }]);
    await world.addGang('high', [{ pods: 1 }], { priority: 5 });
    start();
    await phaseIs('high', 'Bound');
    await until(async () => (await world.condition('low', 'Scheduled'))?.status === 'False');
    expect(await world.bound()).toEqual({ 'high-g0-0': 'a' });
  });

  it('counts refusals by resources that nodes have, and all others as one', async () => {
    await world.addNode('a', 8);
    await world.addGang('gpus', [{ pods: 1, gpus: 9 }]);
    for (const name of ['odd', 'odder']) {
      const containers = [{ name: 'engine', resources: { limits: { [`example.com/${name}`]: '1' } } }];
      await world.addGang(name, [{ pods: 1, spec: { containers } }]);
    }
    start();
    for (const gang of ['gpus', 'odd', 'odder'])
      await until(async () => (await world.condition(gang, 'Scheduled'))?.status === 'False');
    const { values } = (await placer?.metrics.refusals.get()) ?? { values: [] };
    expect(values.map(({ labels }) => labels.reason).sort()).toEqual([
      `Insufficient ${GPU}`,
      'Insufficient resource that no node has',
    ]);
  });

  it('leaves pods of other schedulers alone, but counts what they take', async () => {
    await world.addNode('a', 8);
    await world.addPod('other', {
      pods: 1,
      gpus: 6,
      spec: { schedulerName: 'default-scheduler', nodeName: 'a' },
    });
    await world.addGang('foreign', [{ pods: 1, spec: { schedulerName: 'default-scheduler' } }]);
    await world.addGang('gang', [{ pods: 1, gpus: 4 }]);
    start();
    await until(async () => (await world.condition('gang', 'Scheduled'))?.status === 'False');
    expect((await world.condition('gang', 'Scheduled'))?.message).toContain('1 Insufficient nvidia.com/gpu');
    expect(await world.bound()).toEqual({ other: 'a' });
    await world.cluster.delete(podKind, NAMESPACE, 'other');
    await phaseIs('gang', 'Bound');
    expect(await world.bound()).toEqual({ 'gang-g0-0': 'a' });
  });

  it('refuses pods with rules that it cannot keep, naming them', async () => {
    await world.addNode('a', 8);
    await world.addGang('gang', [{ pods: 1, spec: { resourceClaims: [{ name: 'gpu' }] } }]);
    await world.addGang('broken', [
      { pods: 1, spec: { containers: [{ name: 'c', resources: { limits: { cpu: 'many' } } }] } },
    ]);
    start();
    await until(async () => (await world.condition('gang', 'Scheduled'))?.status === 'False');
    expect(await world.condition('gang', 'Scheduled')).toMatchObject({
      reason: 'UnsupportedPod',
      message: expect.stringMatching(
        /pod gang-g0-0 uses spec.resourceClaims, .* remove it or name another scheduler/,
      ),
    });
    await until(async () => (await world.condition('broken', 'Scheduled'))?.status === 'False');
    expect((await world.condition('broken', 'Scheduled'))?.message).toContain('"many" is no amount of cpu');
  });

  it('adds pods beyond the minimum in the same rack, recorded before they are bound', async () => {
    await world.addNode('a', 8, { labels: { rack: '1' } });
    await world.addNode('b', 8, { labels: { rack: '2' } });
    await world.addNode('c', 4, { labels: { rack: '1' } });
    await world.addGang('gang', [{ pods: 3, minReplicas: 1, gpus: 4 }], { rack: 'required' });
    start();
    await phaseIs('gang', 'Bound');
    const rackOne = ['a', 'c'];
    const rackTwo = ['b'];
    const nodes = Object.values(await world.bound());
    const home = rackTwo.includes(nodes[0] as string) ? rackTwo : rackOne;
    expect(nodes.every((node) => home.includes(node))).toBe(true);
    // Scale up by one more pod than the rack takes.
    await world.addPod('gang-g0-3', { pods: 1, gpus: 4 });
    const gang = await world.cluster.get(podGangKind, NAMESPACE, 'gang');
    const podReferences = [0, 1, 2, 3].map((i) => ({ namespace: NAMESPACE, name: `gang-g0-${i}` }));
    const podgroups = [{ ...gang?.spec.podgroups[0], podReferences }];
    await world.cluster.mergePatch(podGangKind, NAMESPACE, 'gang', { spec: { podgroups } });
    const room = home === rackOne ? 3 : 2;
    await until(async () => {
      const pods = await world.pods();
      const unsaid = pods.filter(({ spec, status }) => !spec?.nodeName && !status?.conditions?.length);
      return unsaid.length === 0;
    });
    expect(Object.values(await world.bound())).toHaveLength(room);
    const last = (await world.pods()).find(({ spec }) => !spec?.nodeName);
    expect(last?.status?.conditions?.[0]).toMatchObject({
      message: expect.stringMatching(/pods beyond the minimum wait: \d\/3 nodes are available/),
    });
    await world.addNode('d', 8, { labels: { rack: home === rackOne ? '1' : '2' } });
    await until(async () => Object.keys(await world.bound()).length === 4);
    await until(async () => (await world.placement('gang'))?.status?.boundPods === 4);
    expect((await world.placement('gang'))?.spec.assignments).toHaveLength(4);
  });

  it('places a replacement for a lost pod beside the others, and says that the gang lost its place', async () => {
    await world.addNode('a', 8);
    await world.addNode('b', 8);
    await world.addGang('gang', [{ pods: 2 }]);
    start();
    await phaseIs('gang', 'Bound');
    await world.cluster.delete(podKind, NAMESPACE, 'gang-g0-0');
    await until(() => world.told('placement.evicted').length === 1);
    expect(world.told('placement.evicted')[0]).toMatchObject({ pods: [{ pod: 'gang-g0-0' }] });
    await world.addPod('gang-g0-0', { pods: 1 });
    await until(async () => Object.keys(await world.bound()).length === 2);
    await phaseIs('gang', 'Bound');
    expect((await world.placement('gang'))?.spec.assignments).toHaveLength(2);
    // The one that stayed was never touched.
    expect(world.told('placement.evicted')).toHaveLength(1);
  });

  it('never promises the same room twice to gangs that come together', async () => {
    for (let i = 0; i < 6; i++) await world.addNode(`n${i}`, 8);
    start();
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        world.addGang(`gang-${i}`, [
          { pods: 2, gpus: 4 },
          { pods: 1, gpus: 1 },
        ]),
      ),
    );
    await until(async () => {
      const states = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => (await world.condition(`gang-${i}`, 'Scheduled'))?.status),
      );
      const bound = Object.keys(await world.bound()).length / 3;
      return states.filter((status) => status === 'False').length + bound === 10;
    });
    const used: Record<string, number> = {};
    for (const pod of await world.pods()) {
      const node = pod.spec?.nodeName;
      if (node) used[node] = (used[node] ?? 0) + Number(pod.spec?.containers[0]?.resources?.limits?.[GPU]);
    }
    expect(Object.keys(used)).toHaveLength(6);
    for (const gpus of Object.values(used)) expect(gpus).toBeLessThanOrEqual(8);
    expect(Object.keys(await world.bound())).toHaveLength(15);
  });

  it('removes the placement of a gang that is gone, and of an earlier life of its name', async () => {
    await world.addNode('a', 8);
    await world.addGang('gang', [{ pods: 1, gpus: 4 }]);
    start();
    await phaseIs('gang', 'Bound');
    const first = await world.placement('gang');
    await world.cluster.delete(podGangKind, NAMESPACE, 'gang');
    await until(async () => (await world.placement('gang')) === undefined);
    await world.addGang('gang', [{ name: 'other', pods: 1, gpus: 4 }]);
    await phaseIs('gang', 'Bound');
    expect((await world.placement('gang'))?.metadata.uid).not.toBe(first?.metadata.uid);
  });

  it('says what keeps it from carrying out a decision, and does so later', async () => {
    await world.addNode('a', 8);
    const refuse = { on: true };
    const cluster = new Proxy(world.cluster, {
      get: (target, property) => {
        if (property === 'create' && refuse.on)
          return async () => {
            throw new ClusterError('not-found', 'the server could not find the requested resource', 404);
          };
        const value = Reflect.get(target, property) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    placer = new RunningPlacement(world, cluster);
    await world.addGang('gang', [{ pods: 1 }]);
    await until(() => placer?.part.problem() !== undefined);
    expect(placer.part.problem()).toBe('gang ns/gang: the server could not find the requested resource');
    expect(await world.bound()).toEqual({});
    refuse.on = false;
    await phaseIs('gang', 'Bound');
    expect(placer.part.problem()).toBeUndefined();
  });

  it('goes on when the API comes back, and ignores nodes that say nothing new', async () => {
    await world.addNode('a', 8);
    start();
    await until(() => placer?.part.unsynced().length === 0);
    world.cluster.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 30));
    world.cluster.reconnect();
    await world.addGang('gang', [{ pods: 1 }]);
    await phaseIs('gang', 'Bound');
    const epoch = placer?.part.view.capacityEpoch;
    const heartbeat = {
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'now' }] },
    };
    await world.cluster.mergePatch(nodeKind, undefined, 'a', heartbeat, { subresource: 'status' });
    expect(placer?.part.view.capacityEpoch).toBe(epoch);
  });
});
