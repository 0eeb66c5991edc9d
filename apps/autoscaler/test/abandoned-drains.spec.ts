import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { horizontalPodAutoscalerKind, podKind, variantAutoscalingKind } from '@penstock/contracts';
import { RunningAutoscaler, World } from './autoscaler-harness.js';
import { hpaOf, NAMESPACE, variantOf } from './objects.js';

let world: World;
let autoscaler: RunningAutoscaler;
beforeEach(async () => {
  world = new World();
  await world.start();
  await world.addDeployment('a', 2);
  await world.addVariant(variantOf('a'));
  autoscaler = await begin();
  await autoscaler.seconds(12, busy, ['a']);
  expect(await world.draining('a')).toHaveLength(1);
});
afterEach(async () => {
  await autoscaler.stop();
  await world.stop();
});

const busy = () => world.report({ running: 3, kvUsage: 0.05 });

async function begin(): Promise<RunningAutoscaler> {
  const running = new RunningAutoscaler(world);
  await running.settle();
  running.parts.run.tick();
  await running.settle();
  return running;
}

describe('a drain that nobody goes on with', () => {
  it('ends when the variant is deleted', async () => {
    await world.cluster.delete(variantAutoscalingKind, NAMESPACE, 'a');
    await autoscaler.seconds(2, busy, ['a']);
    expect(await world.draining('a')).toEqual([]);
    for (const { metadata } of await world.podsOf('a')) expect(metadata.annotations ?? {}).toEqual({});
    expect(await world.replicas('a')).toBe(2);
    expect(world.cluster.events.at(-1)).toMatchObject({
      regarding: { kind: 'Pod' },
      reason: 'DrainCancelled',
    });
  });

  it('ends when the target gets a HorizontalPodAutoscaler', async () => {
    await world.add(horizontalPodAutoscalerKind, hpaOf('a'));
    await autoscaler.seconds(2, busy, ['a']);
    expect([await world.draining('a'), await world.replicas('a')]).toEqual([[], 2]);
  });

  it('ends when the variant becomes invalid', async () => {
    const spec = { minReplicas: 5, maxReplicas: 2 };
    await world.cluster.mergePatch(variantAutoscalingKind, NAMESPACE, 'a', { spec });
    await autoscaler.seconds(2, busy, ['a']);
    expect([await world.draining('a'), await world.replicas('a')]).toEqual([[], 2]);
  });

  it('ends when the variant was deleted while no autoscaler ran; what others take out stays out', async () => {
    await autoscaler.stop();
    await world.cluster.delete(variantAutoscalingKind, NAMESPACE, 'a');
    await world.addDeployment('hand', 1);
    const [byHand] = await world.podsOf('hand');
    const annotations = { 'penstock.dev/draining': 'for repair' };
    await world.cluster.mergePatch(podKind, NAMESPACE, byHand?.metadata.name ?? '', {
      metadata: { annotations },
    });
    autoscaler = await begin();
    expect(await world.draining('a')).toEqual([]);
    expect(await world.draining('hand')).toEqual([byHand?.metadata.name]);
  });

  it('is looked for again while the API does not answer', async () => {
    await world.cluster.delete(variantAutoscalingKind, NAMESPACE, 'a');
    await autoscaler.settle();
    world.cluster.disconnect();
    autoscaler.parts.run.tick();
    await autoscaler.settle();
    world.cluster.reconnect();
    expect(await world.draining('a')).toHaveLength(1);
    await autoscaler.second(busy, ['a']);
    expect(await world.draining('a')).toEqual([]);
  });

  it('is none while the target is scaled: another leader goes on with it', async () => {
    await autoscaler.stop();
    autoscaler = await begin();
    await autoscaler.second(busy, ['a']);
    expect(await world.draining('a')).toHaveLength(1);
  });
});
