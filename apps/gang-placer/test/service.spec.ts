import { describe, expect, it } from '@jest/globals';
import { podCliqueKind, podCliqueSetKind, podGangKind } from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { createLogger, createRegistry, loadConfig, systemClock } from '@penstock/platform';
import { FakeEventBus, FaultyCluster, until, type WriteFault } from '@penstock/testing';
import { assemblePlacer } from '../src/assemble-placer.js';
import { config, type PlacerConfig } from '../src/config.js';
import { PlacementGuard } from './placement/placement-guard.js';
import { GPU, PlacementWorld } from './placement/placement-lab.js';
import { clique, NAMESPACE, podCliqueSet } from './workload/workload-lab.js';

/** The whole service on a world, without its listeners. */
function startService(
  world: PlacementWorld,
  cluster: Cluster,
  instance: string,
): { stop: () => Promise<void> } {
  const bus = new FakeEventBus({ broker: world.broker, source: `gang-placer/${instance}` });
  const settings = loadConfig(config, ['--batch-ms=1'], {}).config as PlacerConfig;
  const logger = createLogger({ service: 'gang-placer', instance, level: 'silent' });
  const parts = assemblePlacer(
    { cluster, bus, clock: systemClock, close: () => bus.close() },
    { config: settings, logger, registry: createRegistry('gang-placer', 'test'), instance },
  );
  parts.leader.start();
  return {
    stop: async () => {
      await parts.leader.stop();
      await parts.close();
    },
  };
}

const limits = (amounts: Record<string, string>) => ({
  podSpec: { containers: [{ name: 'main', image: 'engine', resources: { limits: amounts } }] },
});
const set = podCliqueSet({
  cliques: [
    clique('router', limits({ cpu: '1' })),
    clique('worker', { replicas: 3, minAvailable: 2, ...limits({ [GPU]: '8' }) }),
  ],
});

/** From the set to bound pods and a scale-up, with the service dying once on the way. */
async function play(fault: WriteFault, atWrite: number): Promise<number> {
  const world = new PlacementWorld();
  await world.start();
  const guard = new PlacementGuard(world.cluster);
  for (const name of ['a', 'b', 'c', 'd']) await world.addNode(name);
  const faulty = new FaultyCluster(world.cluster, { fault, atWrite });
  const first = startService(world, faulty, 'first');
  const second = startService(world, world.cluster, 'second');
  try {
    await world.cluster.create(podCliqueSetKind, set);
    const isScheduled = async (pods: number) => {
      const gang = await world.cluster.get(podGangKind, NAMESPACE, 'pcs-0');
      const scheduled = gang?.status?.conditions?.some(
        ({ type, status }) => type === 'Scheduled' && status === 'True',
      );
      return scheduled === true && Object.keys(await world.bound()).length === pods;
    };
    await until(() => isScheduled(4), 20_000);
    await world.cluster.writeScale(podCliqueKind, NAMESPACE, 'pcs-0-worker', 4);
    await until(() => isScheduled(5), 20_000);
    await world.cluster.writeScale(podCliqueKind, NAMESPACE, 'pcs-0-worker', 2);
    await until(async () => Object.keys(await world.bound()).length === 3, 20_000);
    await until(async () => (await guard.partialGangs()).length === 0);
    expect(guard.violations).toEqual([]);
    expect(guard.binds).toBe(5);
  } catch (error) {
    throw new Error(`fault ${fault} at write ${atWrite}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await first.stop();
    await second.stop();
    await world.stop();
  }
  return faulty.writes;
}

describe('a PodCliqueSet, from its creation to bound pods and through its scale', () => {
  it.each<WriteFault>(['after', 'answer-lost'])(
    'gets there whichever write the service dies at or loses the answer of: %s',
    async (fault) => {
      const writes = await play(fault, 0);
      expect(writes).toBeGreaterThan(20);
      for (let atWrite = 1; atWrite <= writes; atWrite += fault === 'after' ? 1 : 2)
        await play(fault, atWrite);
    },
    240_000,
  );
});
