import { describe, expect, it } from '@jest/globals';
import { podKind } from '@penstock/contracts';
import fc from 'fast-check';
import { RunningAutoscaler, World } from './autoscaler-harness.js';
import { NAMESPACE, variantOf } from './objects.js';

const [MIN, MAX] = [1, 6];
const DRAIN_MS = 20_000;

/** A stretch of time with one load; tokens are what all requests together occupy. */
const stretch = fc.record({
  seconds: fc.integer({ min: 1, max: 30 }),
  tokens: fc.constantFrom(0, 2_000, 9_000, 20_000, 40_000),
  restart: fc.boolean(),
  silent: fc.boolean(),
  slowPods: fc.boolean(),
  lostPod: fc.boolean(),
});

describe('autoscaler, through any life', () => {
  it('stays within the limits and cuts off no request before the deadline', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stretch, { minLength: 3, maxLength: 8 }), async (life) => {
        const world = new World();
        await world.start();
        await world.addDeployment('a', MIN);
        await world.addVariant(variantOf('a', { minReplicas: MIN, maxReplicas: MAX }));
        const flags = [
          `--engine-drain-timeout-ms=${DRAIN_MS}`,
          '--down-window-ms=5000',
          '--up-period-ms=5000',
        ];
        let running = new RunningAutoscaler(world, flags);
        /** Requests at each pod: they end when load goes, only slowly. */
        const requests = new Map<string, number>();
        const drainedSinceMs = new Map<string, number>();
        try {
          for (const { seconds, tokens, restart, silent, slowPods, lostPod } of life) {
            world.ready = !slowPods;
            if (restart) {
              await running.stop();
              running = new RunningAutoscaler(world, flags);
              await running.settle();
            }
            if (lostPod) {
              const [lost] = await world.podsOf('a');
              if (lost) {
                await world.cluster.delete(podKind, NAMESPACE, lost.metadata.name);
                requests.delete(lost.metadata.name);
              }
              await world.reconcile('a');
            }
            for (let second = 0; second < seconds; second++) {
              await oneSecond(tokens, silent);
            }
          }
        } finally {
          await running.stop();
          await world.stop();
        }

        async function oneSecond(tokens: number, silent: boolean): Promise<void> {
          const before = await world.podsOf('a');
          const open = before.filter((p) => p.metadata.annotations?.['penstock.dev/draining'] === undefined);
          const loads: Record<string, { running: number; kvUsage: number; waiting: number }> = {};
          for (const { metadata } of before) {
            const isOpen = open.some((p) => p.metadata.name === metadata.name);
            const share = isOpen ? tokens / open.length : 0;
            const active = Math.max(Math.ceil(share / 1000), (requests.get(metadata.name) ?? 0) - 1);
            requests.set(metadata.name, active);
            if (isOpen) drainedSinceMs.delete(metadata.name);
            else if (!drainedSinceMs.has(metadata.name))
              drainedSinceMs.set(metadata.name, world.clock.nowMs());
            const used = Math.min(1, (active * 1000) / 10_000);
            loads[metadata.name] = {
              running: Math.min(10, active),
              kvUsage: used,
              waiting: Math.max(0, active - 10),
            };
          }
          await running.second(() => (silent ? Promise.resolve() : world.report({}, {}, loads)), ['a']);
          const replicas = await world.replicas('a');
          expect(replicas).toBeGreaterThanOrEqual(MIN);
          expect(replicas).toBeLessThanOrEqual(MAX);
          const after = new Set((await world.podsOf('a')).map((p) => p.metadata.name));
          for (const { metadata, status } of before) {
            const isReady = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
            if (after.has(metadata.name) || !isReady) continue;
            const drainedForMs =
              world.clock.nowMs() - (drainedSinceMs.get(metadata.name) ?? world.clock.nowMs());
            const cutOff = (requests.get(metadata.name) ?? 0) > 0 && drainedForMs < DRAIN_MS - 1_000;
            expect([metadata.name, cutOff]).toEqual([metadata.name, false]);
          }
        }
      }),
      { numRuns: 12 },
    );
  }, 240_000);
});
