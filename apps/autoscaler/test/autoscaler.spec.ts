import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deploymentKind, horizontalPodAutoscalerKind, variantAutoscalingKind } from '@penstock/contracts';
import { RunningAutoscaler, World } from './autoscaler-harness.js';
import { deployment, hpaOf, NAMESPACE, variantOf } from './objects.js';

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

describe('autoscaler', () => {
  it('scales up for demand, and says so everywhere', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    // 1 × 8,000 tokens of capacity; 10,000 + 20 × 110 in demand.
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect(await world.replicas('a')).toBe(2);
    expect(await world.variant('a')).toMatchObject({
      status: {
        desiredOptimizedAlloc: { numReplicas: 2, accelerator: 'unknown', lastRunTime: expect.any(String) },
        actuation: { applied: false },
      },
    });
    expect(await world.condition('a', 'TargetResolved')).toBe('True/TargetFound');
    expect(await world.condition('a', 'MetricsAvailable')).toBe('True/MetricsFound');
    expect(await world.condition('a', 'OptimizationReady')).toBe('True/OptimizationSucceeded');
    expect(await world.condition('a', 'AbleToScale')).toBe('True/ReadyForNewScale');
    expect(world.eventsOf('scaling.decided')).toEqual([
      {
        target: { kind: 'Deployment', namespace: NAMESPACE, name: 'a' },
        ...{
          model: 'm',
          role: 'both',
          from: 1,
          to: 2,
          reason: expect.stringContaining('1 → 2: demand of 12,200'),
        },
      },
    ]);
    expect(world.cluster.events.find((e) => e.reason === 'ScaledUp')).toMatchObject({
      regarding: { kind: 'VariantAutoscaling', metadata: { name: 'a' } },
      message: expect.stringContaining('Deployment a: spec.replicas 1 → 2'),
    });
    expect(await running.metric('wva_desired_replicas')).toEqual([
      expect.stringMatching(/variant_name="a".*namespace="ns".*accelerator_type="unknown".* 2$/),
    ]);
    expect(await running.metric('wva_current_replicas')).toEqual([expect.stringMatching(/ 1$/)]);
    expect(await running.metric('wva_desired_ratio')).toEqual([expect.stringMatching(/ 2$/)]);
    await running.second(() => world.report({ kvUsage: 0.6 }), ['a']);
    expect((await world.variant('a')).status?.actuation?.applied).toBe(true);
    expect(world.eventsOf('scaling.decided')).toHaveLength(1);
  });

  it('sleeps after the idle time, and wakes exactly the cheapest variant at once', async () => {
    await world.addDeployment('a', 1);
    await world.addDeployment('b', 0);
    await world.addVariant(
      variantOf('a', { minReplicas: 0, variantCost: '20' }, { 'penstock.dev/scale-to-zero-after': '30s' }),
    );
    await world.addVariant(variantOf('b', { minReplicas: 0, variantCost: '5.5' }));
    const running = await begin();
    const quiet = { requests: 0, inFlight: 0, promptTokens: 0, outputTokens: 0, uncachedTokens: 0 };
    await running.seconds(30, () => world.report({ running: 0, kvUsage: 0 }, quiet), ['a']);
    expect(await world.replicas('a')).toBe(1);
    await running.seconds(6, () => world.report({ running: 0, kvUsage: 0 }, quiet), ['a']);
    expect([await world.replicas('a'), await world.podsOf('a')]).toEqual([0, []]);
    world.clock.advance(1000);
    world.ready = false;
    await world.report({}, { ...quiet, held: 3, heldTokens: 900 });
    await world.report({}, { ...quiet, held: 4, heldTokens: 900, scheduler: 's1' });
    await running.settle();
    expect([await world.replicas('a'), await world.replicas('b')]).toEqual([0, 1]);
    expect(world.eventsOf('scaling.decided').at(-1)).toMatchObject({ target: { name: 'b' }, from: 0, to: 1 });
    expect((await running.metric('penstock_autoscaler_wake_seconds')).at(-1)).toMatch(/_count 1$/);
    await running.seconds(30, () => world.report({}, { ...quiet, held: 9, heldTokens: 900 }), ['a', 'b']);
    expect([await world.replicas('a'), await world.replicas('b')]).toEqual([0, 1]);
  });

  it('holds when NATS goes silent, says so, and goes on when it is back', async () => {
    await world.addDeployment('a', 3);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    const idle = () => world.report({ running: 0, kvUsage: 0 });
    await running.seconds(5, idle, ['a']);
    running.bus.disconnect();
    await running.seconds(60, idle, ['a']);
    expect([await world.replicas('a'), await world.draining('a')]).toEqual([3, []]);
    expect(await world.condition('a', 'MetricsAvailable')).toBe('False/MetricsStale');
    expect(await world.condition('a', 'OptimizationReady')).toBe('False/MetricsUnavailable');
    expect(world.cluster.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'Held' });
    expect(await running.metric('penstock_autoscaler_holds_total')).toContainEqual(
      expect.stringMatching(/reason="hold-no-demand".* 5\d$/),
    );
    running.bus.reconnect();
    await running.seconds(10, idle, ['a']);
    expect(await world.draining('a')).toEqual([]);
    expect((await running.metric('penstock_autoscaler_dropped_reports_total')).join()).toMatch(
      /stale-on-arrival/,
    );
    await running.seconds(8, idle, ['a']);
    expect(await world.replicas('a')).toBe(2);
  });

  it('never writes what a HorizontalPodAutoscaler scales, but recommends', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    await world.add(horizontalPodAutoscalerKind, hpaOf('a'));
    const running = await begin();
    await running.seconds(3, () => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect(await world.replicas('a')).toBe(1);
    expect(await world.condition('a', 'AbleToScale')).toBe('False/OwnedByHPA');
    expect((await world.variant('a')).status).toMatchObject({
      desiredOptimizedAlloc: { numReplicas: 2 },
      actuation: { applied: false },
    });
    expect(await running.metric('wva_desired_replicas')).toEqual([expect.stringMatching(/ 2$/)]);
    await world.cluster.delete(horizontalPodAutoscalerKind, NAMESPACE, 'hpa-a');
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect(await world.replicas('a')).toBe(2);
  });

  it('gives a target to the oldest of its variants', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    world.clock.advance(1000);
    const second = variantOf('a', { minReplicas: 5 });
    await world.addVariant({ ...second, metadata: { ...second.metadata, name: '0-second' } });
    const running = await begin();
    await running.seconds(3, () => world.report(), ['a']);
    expect(await world.replicas('a')).toBe(1);
    expect(await world.condition('a', 'AbleToScale')).toBe('True/ReadyForNewScale');
    expect(await world.condition('0-second', 'AbleToScale')).toBe('False/TargetShared');
    expect(await running.metric('penstock_autoscaler_variant_problems')).toEqual([
      expect.stringMatching(/reason="TargetShared".* 1$/),
    ]);
  });

  it.each([
    [
      'a missing target',
      variantOf('nobody'),
      'TargetResolved',
      'False/TargetNotFound',
      /no Deployment "nobody"/,
    ],
    [
      'a kind that has no replicas',
      variantOf('a', { scaleTargetRef: { apiVersion: 'v1', kind: 'Service', name: 'a' } }),
      'TargetResolved',
      'False/UnsupportedKind',
      /Service of v1 cannot be scaled; use one of Deployment \(apps\/v1\), PodClique/,
    ],
    [
      'a cost that is no number',
      variantOf('a', { variantCost: 'ten' }),
      'OptimizationReady',
      'False/InvalidConfiguration',
      /variantCost: must be a decimal/,
    ],
    [
      'a minimum above the maximum',
      variantOf('a', { minReplicas: 3, maxReplicas: 2 }),
      'OptimizationReady',
      'False/InvalidConfiguration',
      /minReplicas must not be greater/,
    ],
    [
      'an idle time that is no duration',
      variantOf('a', {}, { 'penstock.dev/scale-to-zero-after': 'soon' }),
      'OptimizationReady',
      'False/InvalidConfiguration',
      /"soon" is no duration; write for example 10m/,
    ],
    [
      'a pool that does not exist',
      variantOf('a', {}, { 'penstock.dev/pool': 'none' }),
      'AbleToScale',
      'False/PoolNotFound',
      /no InferencePool "none"/,
    ],
  ])('says in conditions what is wrong with %s', async (_what, object, type, condition, message) => {
    await world.addDeployment('a', 2);
    await world.addVariant(object);
    const running = await begin();
    await running.seconds(3, () => world.report(), ['a']);
    const { name } = object.metadata;
    expect(await world.condition(name, type)).toBe(condition);
    const conditions = (await world.variant(name)).status?.conditions;
    expect(conditions?.find((c) => c.type === type)?.message).toMatch(message);
    expect(await world.replicas('a')).toBe(2);
  });

  it('says that it cannot find pods by expressions, and is not kept from the rest of the pool', async () => {
    const { spec, ...odd } = deployment('odd', 1);
    const selector = { matchExpressions: [{ key: 'variant', operator: 'In', values: ['odd'] }] };
    await world.add(deploymentKind, { ...odd, spec: { ...spec, selector } });
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('odd'));
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect(await world.replicas('a')).toBe(2);
    expect(await world.condition('odd', 'OptimizationReady')).toBe('False/InvalidConfiguration');
  });

  it('writes a status only when something changed, else once a minute', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.seconds(3, () => world.report(), ['a']);
    const version = async () => (await world.variant('a')).metadata.resourceVersion;
    const before = await version();
    const figures = Array.from({ length: 50 }, (_, i) => 0.3 + i / 1000).values();
    await running.seconds(50, () => world.report({ kvUsage: figures.next().value ?? 0 }), ['a']);
    expect(await version()).toBe(before);
    await running.seconds(15, () => world.report(), ['a']);
    expect(await version()).not.toBe(before);
  });

  it('decides but does not write while another replica leads', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const leader = await begin();
    const follower = new RunningAutoscaler(world);
    await follower.settle();
    follower.parts.run.tick();
    await follower.settle();
    await follower.second(() => world.report({ kvUsage: 1, waiting: 20 }));
    expect(await world.replicas('a')).toBe(1);
    expect(follower.parts.board.evaluation('ns/a')?.decision.desired).toBe(2);
    expect(await follower.metric('penstock_autoscaler_leading')).toEqual([expect.stringMatching(/ 0$/)]);
    await leader.stop();
    autoscaler = follower;
    await follower.second(() => world.report({ kvUsage: 1, waiting: 20 }));
    expect(await world.replicas('a')).toBe(2);
  });

  it('starts again from what somebody else wrote', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.second(() => world.report());
    await world.cluster.writeScale(deploymentKind, NAMESPACE, 'a', 4);
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect(await world.replicas('a')).toBe(4);
  });

  it('outlives the Kubernetes API, and says that it could not write', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.second(() => world.report());
    const busy = async () => {
      world.cluster.reconnect();
      await world.report({ kvUsage: 1, waiting: 20 });
      world.cluster.disconnect();
    };
    await running.seconds(2, busy);
    expect(running.parts.scaler.failure('ns/a')).toMatch(/disconnected/);
    world.cluster.reconnect();
    await running.second(() => world.report({ kvUsage: 1, waiting: 20 }), ['a']);
    expect([await world.replicas('a'), await world.condition('a', 'AbleToScale')]).toEqual([
      2,
      'True/ReadyForNewScale',
    ]);
  });

  it('forgets variants that are deleted', async () => {
    await world.addDeployment('a', 1);
    await world.addVariant(variantOf('a'));
    const running = await begin();
    await running.second(() => world.report());
    expect(running.parts.board.all()).toHaveLength(1);
    await world.cluster.delete(variantAutoscalingKind, NAMESPACE, 'a');
    await running.second(() => world.report());
    expect(running.parts.board.all()).toEqual([]);
    expect(await running.metric('wva_desired_replicas')).toEqual([]);
  });
});
