import { describe, expect, it } from '@jest/globals';
import { gangPlacementKind, nodeKind, podGangKind, podKind } from '@penstock/contracts';
import { FaultyCluster, until, type WriteFault } from '@penstock/testing';
import { PlacementGuard } from './placement-guard.js';
import { NAMESPACE, PlacementWorld, RunningPlacement } from './placement-lab.js';

const FAULTS: readonly WriteFault[] = ['before', 'after', 'answer-lost'];

/** What runs into the fault: gangs that fit, one with pods beyond its minimum, one that does not fit. */
async function prepare(world: PlacementWorld): Promise<void> {
  for (const [rack, nodes] of Object.entries({ r1: ['a', 'b', 'c'], r2: ['d', 'e', 'f'] })) {
    for (const name of nodes) await world.addNode(name, 8, { labels: { rack } });
  }
  await world.addGang('pair', [{ pods: 2 }], { rack: 'required' });
  await world.addGang(
    'mixed',
    [
      { pods: 1, gpus: 0 },
      { pods: 3, minReplicas: 2, gpus: 4 },
    ],
    { rack: 'required' },
  );
  await world.addGang('huge', [{ pods: 4 }], { rack: 'required' });
}

/** Makes every pod that a gang refers to again when it was deleted, as its workload would. */
function recreatePods(world: PlacementWorld): { stop: () => Promise<void> } {
  const informer = world.cluster.inform(
    podKind,
    {},
    {
      onDelete: ({ metadata, spec }) => {
        const { name } = metadata;
        const gpus = Number(spec?.containers[0]?.resources?.limits?.['nvidia.com/gpu'] ?? 0);
        setTimeout(() => void world.addPod(name, { pods: 1, gpus }).catch(() => {}), 5);
      },
    },
  );
  return { stop: () => informer.stop() };
}

async function isSettled(world: PlacementWorld, whole: readonly string[]): Promise<boolean> {
  const placements = await world.cluster.list(gangPlacementKind, {});
  const bound = placements.filter(
    ({ status, spec }) => status?.phase === 'Bound' && status.observedAttempt === spec.attempt,
  );
  return whole.every((gang) => bound.some(({ metadata }) => metadata.name === gang));
}

/** Deletes the node of the first pod that is decided but not bound. */
async function loseOtherNode(world: PlacementWorld): Promise<void> {
  const bound = await world.bound();
  const placement = await world.placement('pair');
  const other = placement?.spec.assignments.find(({ pod }) => bound[pod] === undefined);
  await world.cluster.delete(nodeKind, undefined, other?.node ?? 'none is left to bind');
}

interface Outcome {
  readonly writes: number;
  readonly reached: boolean;
}

/** One run: a placer that meets the fault, then another on what it left. */
async function run(fault: WriteFault, atWrite: number, loseNode: boolean): Promise<Outcome> {
  const world = new PlacementWorld();
  await world.start();
  const guard = new PlacementGuard(world.cluster);
  const workload = recreatePods(world);
  await prepare(world);
  let lost: string | undefined;
  const faulty = new FaultyCluster(world.cluster, {
    ...{ fault, atWrite },
    onFault: () => {
      if (!loseNode) return;
      lost = guard.lastNode ?? 'a';
      void world.cluster.delete(nodeKind, undefined, lost);
    },
  });
  const first = new RunningPlacement(world, faulty, 'first');
  const reached = () => faulty.writes >= atWrite && atWrite > 0;
  await until(async () => reached() || (await isSettled(world, ['pair', 'mixed'])), 20_000);
  // The dead one is still there: whatever it has in hand must do no harm while the next one works.
  const second = fault === 'answer-lost' ? undefined : new RunningPlacement(world, world.cluster, 'second');
  try {
    await until(async () => {
      const told = (await world.condition('huge', 'Scheduled'))?.status === 'False';
      return told && (await isSettled(world, ['pair', 'mixed']));
    }, 20_000);
    // Nothing more happens once everything is settled.
    await until(async () => {
      const before = guard.binds;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return guard.binds === before;
    }, 20_000);
    expect(guard.violations).toEqual([]);
    expect(await guard.partialGangs()).toEqual([]);
    expect(Object.keys(await world.bound()).filter((name) => name.startsWith('huge'))).toEqual([]);
    const placements = await world.cluster.list(gangPlacementKind, {});
    const nodes = await world.bound();
    for (const { spec, status } of placements) {
      for (const { pod, node } of spec.assignments) expect([pod, nodes[pod]]).toEqual([pod, node]);
      expect(status?.boundPods).toBe(spec.assignments.length);
    }
    if (lost) expect(Object.values(nodes)).not.toContain(lost);
  } catch (error) {
    throw new Error(`fault ${fault} at write ${atWrite}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await first.stop();
    await second?.stop();
    await workload.stop();
    await world.stop();
  }
  return { writes: faulty.writes, reached: reached() };
}

describe('a placer that dies between any two of its writes', () => {
  it.each(FAULTS)(
    'leaves nothing partial, double or oversubscribed: %s each write',
    async (fault) => {
      const { writes } = await run(fault, 0, false);
      expect(writes).toBeGreaterThan(12);
      let reached = 0;
      for (let atWrite = 1; atWrite <= writes; atWrite++) {
        if ((await run(fault, atWrite, false)).reached) reached++;
      }
      expect(reached).toBeGreaterThan(12);
    },
    120_000,
  );

  it.each(FAULTS)(
    'recovers when a node goes with it: %s each write',
    async (fault) => {
      for (let atWrite = 1; atWrite <= 12; atWrite++) await run(fault, atWrite, true);
    },
    120_000,
  );
});

describe('two placers that live', () => {
  it('hand the lease to and fro without harm', async () => {
    const world = new PlacementWorld();
    await world.start();
    const guard = new PlacementGuard(world.cluster);
    for (let i = 0; i < 40; i++) await world.addNode(`n${i}`);
    const placers = ['first', 'second'].map((name) => new RunningPlacement(world, world.cluster, name));
    const whole: string[] = [];
    const deciders = async () => {
      const placements = await world.cluster.list(gangPlacementKind, {});
      return new Set(placements.map(({ spec }) => spec.decidedBy.replica)).size;
    };
    // On a busy machine one of them may hold the lease whenever there is something to decide, for a while.
    for (let i = 0; i < 24 || (i < 150 && (await deciders()) < 2); i++) {
      whole.push(`gang-${i}`);
      await world.addGang(`gang-${i}`, [{ pods: 2, gpus: 1 }]);
      await new Promise((resolve) => setTimeout(resolve, i % 5));
      world.cluster.expireLease('default', 'penstock-gang-placer');
    }
    await until(() => isSettled(world, whole), 20_000);
    expect(guard.violations).toEqual([]);
    expect(Object.keys(await world.bound())).toHaveLength(2 * whole.length);
    expect(await deciders()).toBe(2);
    for (const part of [...placers, world]) await part.stop();
  });
});

describe('a gang whose node dies while it is being bound', () => {
  it('is evicted whole when the rest has no place beside what is bound, and placed anew', async () => {
    const world = new PlacementWorld();
    await world.start();
    const guard = new PlacementGuard(world.cluster);
    const workload = recreatePods(world);
    for (const name of ['a', 'b']) await world.addNode(name, 8, { labels: { rack: 'r1' } });
    await world.addGang('pair', [{ pods: 2 }], { rack: 'required' });
    // Writes: the placement, its phase, the first pod; then the node of the second one is gone.
    const faulty = new FaultyCluster(world.cluster, {
      ...{ fault: 'after', atWrite: 3 },
      onFault: () => void loseOtherNode(world),
    });
    const first = new RunningPlacement(world, faulty, 'first', ['--bind-concurrency=1']);
    await until(() => guard.binds === 1);
    const bystander = Object.keys(await world.bound())[0] as string;
    const second = new RunningPlacement(world, world.cluster, 'second');
    await until(async () => Object.keys(await world.bound()).length === 0);
    expect(world.told('placement.evicted')).toMatchObject([{ pods: [{ pod: bystander }] }]);
    await until(async () => (await world.condition('pair', 'Scheduled'))?.status === 'False');
    expect(await guard.partialGangs()).toEqual([]);
    // Another rack with room for both: the new pods of the gang go there.
    for (const name of ['x', 'y']) await world.addNode(name, 8, { labels: { rack: 'r2' } });
    await until(async () => Object.keys(await world.bound()).length === 2);
    expect(Object.values(await world.bound()).sort()).toEqual(['x', 'y']);
    expect(guard.violations).toEqual([]);
    for (const part of [first, second, workload, world]) await part.stop();
  });

  it('is completed beside what is bound when there is room', async () => {
    const world = new PlacementWorld();
    await world.start();
    const guard = new PlacementGuard(world.cluster);
    for (const name of ['a', 'b', 'c']) await world.addNode(name, 8);
    await world.addGang('pair', [{ pods: 2 }]);
    const faulty = new FaultyCluster(world.cluster, {
      ...{ fault: 'after', atWrite: 3 },
      onFault: () => void loseOtherNode(world),
    });
    const first = new RunningPlacement(world, faulty, 'first', ['--bind-concurrency=1']);
    await until(() => guard.binds === 1);
    const [stayed] = Object.entries(await world.bound());
    const second = new RunningPlacement(world, world.cluster, 'second');
    await until(async () => (await world.placement('pair'))?.status?.phase === 'Bound');
    expect(Object.entries(await world.bound())).toContainEqual(stayed);
    expect((await world.placement('pair'))?.spec).toMatchObject({
      attempt: 2,
      decidedBy: { leaseTransitions: 2 },
    });
    expect(guard.violations).toEqual([]);
    for (const part of [first, second, world]) await part.stop();
  });
});

describe('a decision that somebody else could have made', () => {
  it('is not carried out when its room is taken: it is decided anew', async () => {
    const world = new PlacementWorld();
    await world.start();
    const guard = new PlacementGuard(world.cluster);
    for (const name of ['a', 'b']) await world.addNode(name, 8);
    await world.addGang('gang', [{ pods: 1 }]);
    const faulty = new FaultyCluster(world.cluster, { fault: 'after', atWrite: 1 });
    const first = new RunningPlacement(world, faulty, 'first');
    await until(async () => (await world.placement('gang')) !== undefined);
    const wanted = (await world.placement('gang'))?.spec.assignments[0]?.node;
    await world.addPod('squatter', { pods: 1, gpus: 1, spec: { nodeName: wanted, schedulerName: 'other' } });
    const second = new RunningPlacement(world, world.cluster, 'second');
    await until(async () => (await world.placement('gang'))?.status?.phase === 'Bound');
    expect((await world.bound())['gang-g0-0']).not.toBe(wanted);
    expect((await world.placement('gang'))?.spec.attempt).toBe(2);
    expect(guard.violations.filter((text) => !text.includes('squatter'))).toEqual([]);
    for (const part of [first, second, world]) await part.stop();
  });

  it('gives its room back when it can never be carried out', async () => {
    const world = new PlacementWorld();
    await world.start();
    await world.addNode('a', 8);
    await world.addNode('b', 8);
    await world.addGang('gang', [{ pods: 2 }]);
    const faulty = new FaultyCluster(world.cluster, { fault: 'after', atWrite: 1 });
    const first = new RunningPlacement(world, faulty, 'first');
    await until(async () => (await world.placement('gang')) !== undefined);
    await world.cluster.delete(nodeKind, undefined, 'b');
    const second = new RunningPlacement(world, world.cluster, 'second');
    await until(async () => (await world.placement('gang'))?.status?.phase === 'Superseded');
    await world.addGang('small', [{ pods: 1 }]);
    await until(async () => (await world.placement('small'))?.status?.phase === 'Bound');
    expect(await world.bound()).toEqual({ 'small-g0-0': 'a' });
    // Its pods are still the gang's, and it is placed when there is room again.
    for (const name of ['c', 'd']) await world.addNode(name, 8);
    await until(async () => (await world.placement('gang'))?.status?.phase === 'Bound');
    const gang = await world.cluster.get(podGangKind, NAMESPACE, 'gang');
    expect(gang).toBeDefined();
    for (const part of [first, second, world]) await part.stop();
  });
});
