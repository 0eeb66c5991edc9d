import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  GROVE_LABELS,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podKind,
} from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import { RunningAutoscaler, World } from './autoscaler-harness.js';
import { NAMESPACE, POOL_LABELS, podClique, podCliqueSet, scalingGroup, variantOf } from './objects.js';

let world: World;
let autoscaler: RunningAutoscaler | undefined;
beforeEach(async () => {
  world = new World();
  await world.start();
  await world.add(podCliqueSetKind, podCliqueSet('set'));
});
afterEach(async () => {
  await autoscaler?.stop();
  autoscaler = undefined;
  await world.stop();
});

const target = (kind: ResourceKind, name: string) => ({
  scaleTargetRef: { apiVersion: 'grove.io/v1alpha1', kind: kind.kind, name },
});
const replicas = async (kind: ResourceKind, name: string) =>
  (await world.cluster.readScale(kind, NAMESPACE, name))?.replicas;
const groupPod = (replica: number, clique: string, labels: Record<string, string> = {}) =>
  world.addPod(`set-0-decode-${replica}-${clique}-0`, {
    [GROVE_LABELS.podCliqueScalingGroup]: 'set-0-decode',
    [GROVE_LABELS.podCliqueScalingGroupReplicaIndex]: String(replica),
    ...labels,
  });
const leaderLabels = { ...POOL_LABELS, 'llm-d.ai/role': 'decode' };

async function begin(flags: string[] = []): Promise<RunningAutoscaler> {
  autoscaler = new RunningAutoscaler(world, flags);
  await autoscaler.settle();
  autoscaler.parts.run.tick();
  await autoscaler.settle();
  return autoscaler;
}

describe('autoscaler, with Grove targets', () => {
  it('scales a PodClique by the load of its pods', async () => {
    await world.add(podCliqueKind, podClique('set', 'set-0-prefill', 1));
    await world.addPod('set-0-prefill-0', {
      ...POOL_LABELS,
      'llm-d.ai/role': 'prefill',
      [GROVE_LABELS.podClique]: 'set-0-prefill',
    });
    await world.addVariant(variantOf('set-0-prefill', target(podCliqueKind, 'set-0-prefill')));
    const running = await begin();
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }));
    expect(await replicas(podCliqueKind, 'set-0-prefill')).toBe(2);
    // A queued prefill is its prompt and nothing more: 10,000 + 20 × 100.
    expect(running.parts.board.evaluation(`${NAMESPACE}/set-0-prefill`)?.decision.values).toMatchObject({
      role: 'prefill',
      demandTokens: 12_000,
    });
  });

  it('counts a replica of a scaling group once all its pods are ready, by the load of its engines', async () => {
    await world.add(podCliqueScalingGroupKind, scalingGroup('set', 'set-0-decode', 2));
    await groupPod(0, 'leader', leaderLabels);
    await groupPod(0, 'worker');
    await groupPod(1, 'leader', leaderLabels);
    await world.addVariant(variantOf('decode', target(podCliqueScalingGroupKind, 'set-0-decode')));
    const running = await begin();
    const report = () =>
      world.report({ running: 3, kvUsage: 0.1 }, {}, { 'set-0-decode-0-worker-0': { kvCapacityTokens: 0 } });
    await running.second(report);
    const figures = () => running.parts.board.evaluation(`${NAMESPACE}/decode`)?.decision.figures;
    expect(figures()).toMatchObject({ ready: 1, pending: 1, variant: { role: 'decode' } });
    await groupPod(1, 'worker');
    await running.second(report);
    expect(figures()).toMatchObject({ ready: 2, pending: 0 });
  });

  it('drains all pods of the highest replica of a scaling group', async () => {
    await world.add(podCliqueScalingGroupKind, scalingGroup('set', 'set-0-decode', 2));
    for (const replica of [0, 1]) {
      await groupPod(replica, 'leader', leaderLabels);
      await groupPod(replica, 'worker');
    }
    await world.addVariant(variantOf('decode', target(podCliqueScalingGroupKind, 'set-0-decode')));
    const running = await begin();
    // Replica 0 is idle and 1 is not: the group gives back its highest index all the same.
    const busy = (name: string) => ({ [name]: { running: 3 } });
    const report = () => world.report({ running: 0, kvUsage: 0.1 }, {}, busy('set-0-decode-1-leader-0'));
    await running.seconds(16, report);
    const pods = await world.cluster.list(podKind, {});
    const draining = pods.filter(
      ({ metadata }) => metadata.annotations?.['penstock.dev/draining'] !== undefined,
    );
    expect(draining.map((pod) => pod.metadata.name).sort()).toEqual([
      'set-0-decode-1-leader-0',
      'set-0-decode-1-worker-0',
    ]);
    expect(await replicas(podCliqueScalingGroupKind, 'set-0-decode')).toBe(2);
    await running.seconds(2, () => world.report({ running: 0, kvUsage: 0 }));
    expect(await replicas(podCliqueScalingGroupKind, 'set-0-decode')).toBe(1);
  });

  it('wakes a PodCliqueSet that sleeps', async () => {
    await world.cluster.writeScale(podCliqueSetKind, NAMESPACE, 'set', 0);
    await world.addVariant(variantOf('whole', { ...target(podCliqueSetKind, 'set'), minReplicas: 0 }));
    const running = await begin();
    await world.report({}, { held: 1, heldTokens: 10, requests: 1 });
    await running.settle();
    expect(await replicas(podCliqueSetKind, 'set')).toBe(1);
    expect(running.parts.board.evaluation(`${NAMESPACE}/whole`)?.decision).toMatchObject({
      code: 'wake',
      values: { role: 'both' },
    });
  });
});
