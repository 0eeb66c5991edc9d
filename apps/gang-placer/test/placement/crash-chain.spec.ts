import { describe, expect, it } from '@jest/globals';
import { gangPlacementKind, nodeKind, podGangKind, podKind } from '@penstock/contracts';
import { FaultyCluster, until, type WriteFault } from '@penstock/testing';
import fc from 'fast-check';
import { PlacementGuard } from './placement-guard.js';
import { PlacementWorld, RunningPlacement } from './placement-lab.js';

interface Life {
  readonly fault: WriteFault;
  readonly atWrite: number;
  /** What happens to the world when the fault strikes. */
  readonly event: 'nothing' | 'node-lost' | 'node-added' | 'pod-lost' | 'gang-added';
}

const lives: fc.Arbitrary<Life[]> = fc.array(
  fc.record({
    fault: fc.constantFrom<WriteFault>('before', 'after', 'answer-lost'),
    atWrite: fc.integer({ min: 1, max: 8 }),
    event: fc.constantFrom<Life['event']>('nothing', 'node-lost', 'node-added', 'pod-lost', 'gang-added'),
  }),
  { minLength: 1, maxLength: 5 },
);
const gangs = fc.array(
  fc.record({
    pods: fc.integer({ min: 1, max: 3 }),
    extra: fc.integer({ min: 0, max: 1 }),
    gpus: fc.constantFrom(1, 3, 4, 8),
    rack: fc.constantFrom<'required' | 'preferred' | undefined>('required', 'preferred', undefined),
  }),
  { minLength: 1, maxLength: 4 },
);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Bound in part without ever having been whole. What was whole once may have lost pods for whose likes there is no room. */
const neverWhole = async (guard: PlacementGuard) =>
  (await guard.partialGangs()).filter((gang) => !guard.completed.has(gang));

/** Whatever is decided is bound and said to be; nothing has moved for a while. */
async function settle(world: PlacementWorld, guard: PlacementGuard): Promise<void> {
  await until(async () => {
    const before = JSON.stringify(await world.bound());
    await pause(60);
    const placements = await world.cluster.list(gangPlacementKind, {});
    const isSaid = placements.every(
      ({ spec, status }) => status?.observedAttempt === spec.attempt && status.phase !== 'Decided',
    );
    return isSaid && JSON.stringify(await world.bound()) === before && (await neverWhole(guard)).length === 0;
  }, 20_000).catch(async (error: unknown) => {
    throw new Error(`${error}; partial: ${await neverWhole(guard)}`);
  });
}

describe('placers that die one after the other while the cluster changes', () => {
  it('leave nothing partial, double or oversubscribed', async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(lives, gangs, async (chain, wanted) => {
        const world = new PlacementWorld();
        await world.start();
        const guard = new PlacementGuard(world.cluster);
        const workload = world.cluster.inform(
          podKind,
          {},
          {
            onDelete: ({ metadata, spec }) => {
              const gpus = Number(spec?.containers[0]?.resources?.limits?.['nvidia.com/gpu'] ?? 0);
              setTimeout(() => void world.addPod(metadata.name, { pods: 1, gpus }).catch(() => {}), 3);
            },
          },
        );
        for (let i = 0; i < 4; i++) await world.addNode(`n${i}`, 8, { labels: { rack: `r${i % 2}` } });
        let added = 0;
        const addGang = async () => {
          const { pods, extra, gpus, rack } = wanted[added % wanted.length] as (typeof wanted)[number];
          const group = { pods: pods + extra, minReplicas: pods, gpus };
          await world.addGang(`gang-${added++}`, [group, { pods: 1, gpus: 0 }], rack ? { rack } : {});
        };
        const strike = async (event: Life['event']) => {
          reached++;
          const nodes = await world.cluster.list(nodeKind, {});
          const victim = guard.lastNode ?? nodes[0]?.metadata.name;
          if (event === 'node-lost' && nodes.length > 2 && nodes.some((n) => n.metadata.name === victim))
            await world.cluster.delete(nodeKind, undefined, victim as string);
          if (event === 'node-added') await world.addNode(`more-${reached}`, 8, { labels: { rack: 'r0' } });
          if (event === 'pod-lost') {
            const [name] = Object.keys(await world.bound());
            if (name) await world.cluster.delete(podKind, 'ns', name);
          }
          if (event === 'gang-added') await addGang();
        };
        for (let i = 0; i < wanted.length; i++) await addGang();
        const placers: RunningPlacement[] = [];
        for (const [i, { fault, atWrite, event }] of chain.entries()) {
          const faulty = new FaultyCluster(world.cluster, {
            fault,
            atWrite,
            onFault: () => void strike(event),
          });
          placers.push(new RunningPlacement(world, faulty, `placer-${i}`));
          const from = performance.now();
          while (faulty.writes < atWrite && performance.now() - from < 150) await pause(2);
          // One that lives on makes room for the next, as when its lease is given to another.
          if (fault === 'answer-lost' || faulty.writes < atWrite) await placers.pop()?.stop();
        }
        placers.push(new RunningPlacement(world, world.cluster, 'last'));
        try {
          await settle(world, guard);
          expect(guard.violations).toEqual([]);
          const bound = await world.bound();
          for (const { spec } of await world.cluster.list(gangPlacementKind, {}))
            for (const { pod, node } of spec.assignments) if (bound[pod]) expect(bound[pod]).toBe(node);
          expect((await world.cluster.list(podGangKind, {})).length).toBe(added);
        } finally {
          for (const placer of placers) await placer.stop();
          await workload.stop();
          await world.stop();
        }
      }),
      { numRuns: 60 },
    );
    expect(reached).toBeGreaterThan(60);
  }, 240_000);
});
