import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gangPlacementKind, podGangKind, podKind } from '@penstock/contracts';
import type {
  Cluster,
  ClusterObject,
  Informer,
  InformerHandlers,
  InformerOptions,
  PodIdentity,
  ResourceKind,
} from '@penstock/core/ports';
import { until } from '@penstock/testing';
import { PlacementGuard } from './placement-guard.js';
import { NAMESPACE, PlacementWorld, RunningPlacement } from './placement-lab.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The cluster of a process whose watch of one kind shows only some objects until `catchUp`. */
function behind(cluster: Cluster, late: ResourceKind, isShown: (name: string) => boolean) {
  let isLate = true;
  const handled: Array<() => void> = [];
  const inform = <T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    handlers: InformerHandlers<T> = {},
  ): Informer<T> => {
    if (kind.kind !== late.kind) return cluster.inform(kind, options, handlers);
    const hides = (object: T | undefined) => object && isLate && !isShown(object.metadata.name);
    const informer = cluster.inform(kind, options, {
      ...handlers,
      onUpsert: (object) =>
        hides(object) ? handled.push(() => handlers.onUpsert?.(object)) : handlers.onUpsert?.(object),
    });
    return {
      list: () => informer.list().filter((object) => !hides(object)),
      get: (namespace, name) => {
        const found = informer.get(namespace, name);
        return hides(found) ? undefined : found;
      },
      get synced() {
        return informer.synced;
      },
      ageMs: () => informer.ageMs(),
      stop: () => informer.stop(),
    };
  };
  const catchUp = () => {
    isLate = false;
    for (const tell of handled.splice(0)) tell();
  };
  return { cluster: with_(cluster, { inform }), catchUp };
}

function with_(cluster: Cluster, methods: Partial<Cluster>): Cluster {
  return new Proxy(cluster, {
    get: (target, name) => {
      const method = methods[name as keyof Cluster] ?? target[name as keyof Cluster];
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

describe('placement on news that are old', () => {
  let world: PlacementWorld;
  let guard: PlacementGuard;
  const placers: RunningPlacement[] = [];
  const start = (cluster?: Cluster, name = 'placer-a', flags: string[] = []) => {
    const placer = new RunningPlacement(world, cluster, name, flags);
    placers.push(placer);
    return placer;
  };
  const isBound = async (gang: string) => (await world.placement(gang))?.status?.phase === 'Bound';

  beforeEach(async () => {
    world = new PlacementWorld();
    await world.start();
    guard = new PlacementGuard(world.cluster);
  });
  afterEach(async () => {
    for (const placer of placers.splice(0)) await placer.stop();
    await world.stop();
  });

  it('stops binding when its decision is no longer on record', async () => {
    await world.addNode('a', 16);
    await world.addGang('first', [{ pods: 2 }]);
    const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
    const bindPod = async (pod: PodIdentity, node: string) => {
      await world.cluster.bindPod(pod, node);
      if (pod.name.startsWith('first')) await goOn;
    };
    start(with_(world.cluster, { bindPod }), 'placer-a', ['--bind-concurrency=1']);
    await until(async () => Object.keys(await world.bound()).length === 1);
    await world.cluster.delete(gangPlacementKind, NAMESPACE, 'first');
    await world.addGang('second', [{ pods: 1 }]);
    await until(async () => isBound('second'));
    release();
    // One of two: its pod makes room, as nothing stays bound of a gang below its minimum.
    await until(async () => Object.keys(await world.bound()).join() === 'second-g0-0');
    expect(guard.violations).toEqual([]);
  });

  it('keeps the placement of a gang that only its watch does not show', async () => {
    await world.addNode('a', 8);
    await world.addGang('old', [{ pods: 1 }]);
    const first = start();
    await until(async () => isBound('old'));
    await placers.pop();
    await first.stop();
    const before = await world.placement('old');
    const late = behind(world.cluster, podGangKind, (name) => name !== 'old');
    start(late.cluster, 'placer-b');
    await pause(300);
    expect((await world.placement('old'))?.metadata.uid).toBe(before?.metadata.uid);
    late.catchUp();
    await world.cluster.delete(podGangKind, NAMESPACE, 'old');
    await until(async () => (await world.placement('old')) === undefined);
  });

  it('decides nothing before it has seen the pods of the decisions on record', async () => {
    await world.addNode('a', 8);
    await world.addGang('old', [{ pods: 1 }]);
    const first = start();
    await until(async () => isBound('old'));
    await placers.pop();
    await first.stop();
    await world.addGang('new', [{ pods: 1 }]);
    const late = behind(world.cluster, podKind, (name) => !name.startsWith('old'));
    const placer = start(late.cluster, 'placer-b');
    await until(() => placer.part.problem() !== undefined);
    expect(placer.part.problem()).toMatch(/ns\/old-g0-0/);
    await pause(200);
    expect(Object.keys(await world.bound())).toEqual(['old-g0-0']);
    late.catchUp();
    await until(async () => (await world.condition('new', 'Scheduled'))?.status === 'False');
    await world.addNode('b', 8);
    await until(async () => isBound('new'));
    expect(guard.violations).toEqual([]);
  });
});
