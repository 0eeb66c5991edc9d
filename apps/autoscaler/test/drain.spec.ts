import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { podKind } from '@penstock/contracts';
import { RunningAutoscaler, World } from './autoscaler-harness.js';
import { NAMESPACE, variantOf } from './objects.js';

let world: World;
let autoscaler: RunningAutoscaler | undefined;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(async () => {
  await autoscaler?.stop();
  autoscaler = undefined;
  await world.stop();
});

async function begin(flags: string[] = []): Promise<RunningAutoscaler> {
  autoscaler = new RunningAutoscaler(world, flags);
  await autoscaler.settle();
  // The pods of targets are watched from the first look at the variants on.
  autoscaler.parts.run.tick();
  await autoscaler.settle();
  return autoscaler;
}

describe('drains', () => {
  it('drains the least loaded replica before it lowers spec.replicas', async () => {
    await world.addDeployment('a', 3);
    await world.addVariant(variantOf('a', { minReplicas: 2 }));
    const running = await begin();
    const busy = { 'a-1': { running: 1, kvUsage: 0.01 } };
    const report = () => world.report({ running: 3, kvUsage: 0.1 }, {}, busy);
    await running.seconds(11, report, ['a']);
    expect(await world.draining('a')).toEqual(['a-1']);
    expect(world.eventsOf('engine.draining')).toEqual([
      {
        ...{ engine: 'ns/a-1', pod: 'a-1', address: '10.0.0.2:8000', role: 'both', deadlineMs: 300_000 },
        reason: expect.stringContaining('3 → 2'),
      },
    ]);
    const [victim] = (await world.podsOf('a')).filter((p) => p.metadata.name === 'a-1');
    expect(victim?.metadata.annotations).toEqual({
      'controller.kubernetes.io/pod-deletion-cost': '-1000',
      'penstock.dev/draining': new Date(world.clock.nowMs() + 300_000).toISOString(),
    });
    await running.seconds(20, report, ['a']);
    expect([await world.replicas('a'), await world.draining('a')]).toEqual([3, ['a-1']]);
    await running.seconds(
      2,
      () => world.report({ kvUsage: 0.1 }, {}, { 'a-1': { running: 0, kvUsage: 0 } }),
      ['a'],
    );
    expect(await world.replicas('a')).toBe(2);
    expect((await world.podsOf('a')).map((p) => p.metadata.name).sort()).toEqual(['a-0', 'a-2']);
    expect(world.cluster.events.map((e) => e.reason)).toEqual(['Draining', 'ScaledDown']);
    expect(await running.metric('penstock_autoscaler_draining_replicas')).toEqual([
      expect.stringMatching(/ 0$/),
    ]);
  });

  it('lowers spec.replicas when the time of a drain is over', async () => {
    await world.addDeployment('a', 2);
    await world.addVariant(variantOf('a'));
    const running = await begin(['--engine-drain-timeout-ms=5000']);
    const report = () => world.report({ running: 3, kvUsage: 0.05 });
    await running.seconds(15, report, ['a']);
    expect([await world.replicas('a'), (await world.draining('a')).length]).toEqual([2, 1]);
    await running.seconds(2, report, ['a']);
    expect([await world.replicas('a'), (await world.draining('a')).length]).toEqual([1, 0]);
  });

  it('takes a draining replica back when load returns, before it adds any', async () => {
    await world.addDeployment('a', 2);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.seconds(12, () => world.report({ running: 3, kvUsage: 0.05 }), ['a']);
    expect(await world.draining('a')).toHaveLength(1);
    await running.second(() => world.report({ running: 9, kvUsage: 0.6 }), ['a']);
    expect([await world.replicas('a'), await world.draining('a')]).toEqual([2, []]);
    for (const pod of await world.podsOf('a')) expect(pod.metadata.annotations ?? {}).toEqual({});
    expect(world.cluster.events.map((e) => e.reason)).toEqual(['Draining', 'DrainCancelled']);
  });

  it('takes a draining replica back when the only other one fails', async () => {
    await world.addDeployment('a', 2);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.seconds(12, () => world.report({ running: 3, kvUsage: 0.05 }));
    const [victim] = await world.draining('a');
    const other = (await world.podsOf('a')).find((p) => p.metadata.name !== victim)?.metadata.name ?? '';
    const status = { conditions: [{ type: 'Ready', status: 'False' }] };
    await world.cluster.mergePatch(podKind, NAMESPACE, other, { status }, { subresource: 'status' });
    await running.seconds(3, () => world.report({ running: 0, kvUsage: 0 }));
    expect([await world.draining('a'), await world.replicas('a')]).toEqual([[], 2]);
  });

  it('goes on with a drain after a restart: the annotations are the truth', async () => {
    await world.addDeployment('a', 2);
    await world.addVariant(variantOf('a'));
    const first = await begin();
    await first.seconds(12, () => world.report({ running: 3, kvUsage: 0.05 }), ['a']);
    const victims = await world.draining('a');
    expect(victims).toHaveLength(1);
    await first.stop();
    const second = await begin();
    await second.seconds(2, () => world.report({ running: 3, kvUsage: 0.05 }), ['a']);
    expect([await world.replicas('a'), await world.draining('a')]).toEqual([2, victims]);
    await second.seconds(2, () => world.report({ running: 0, kvUsage: 0 }), ['a']);
    expect([await world.replicas('a'), (await world.podsOf('a')).length]).toEqual([1, 1]);
    expect((await world.podsOf('a')).map((p) => p.metadata.name)).not.toEqual(victims);
  });

  it('serves again with a drained replica when another one was removed', async () => {
    await world.addDeployment('a', 3);
    await world.addVariant(variantOf('a', { minReplicas: 2 }));
    const running = await begin();
    await running.seconds(14, () => world.report({ running: 0, kvUsage: 0 }));
    expect(await world.replicas('a')).toBe(2);
    const [victim] = await world.draining('a');
    const other = (await world.podsOf('a')).find((p) => p.metadata.name !== victim);
    await world.cluster.delete(podKind, NAMESPACE, other?.metadata.name ?? '');
    await running.seconds(20, () => world.report({ running: 0, kvUsage: 0 }));
    expect(await world.draining('a')).toEqual([victim]);
    await running.seconds(15, () => world.report({ running: 0, kvUsage: 0 }));
    expect([await world.replicas('a'), await world.draining('a')]).toEqual([2, []]);
  });
});
