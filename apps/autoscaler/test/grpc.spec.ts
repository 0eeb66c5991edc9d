import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type autoscalerV1, horizontalPodAutoscalerKind } from '@penstock/contracts';
import { type PoolInput, type PoolState, recommendPool, type ScalingOptions } from '@penstock/core/scaling';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  type RunningService,
  runService,
} from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { AutoscalerModule, providePorts } from '../src/autoscaler.module.js';
import { config } from '../src/config.js';
import { World } from './autoscaler-harness.js';
import { hpaOf, variantOf } from './objects.js';

type Methods = { Recommend: { request: object; response: autoscalerV1.RecommendResponse } };

describe('penstock.autoscaler.v1', () => {
  const world = new World();
  const bus = new FakeEventBus({ broker: world.broker, nowMs: () => world.clock.nowMs() });
  let service: RunningService;
  let client: GrpcClient<Methods>;
  let reports: NodeJS.Timeout;
  let load = { kvUsage: 1, waiting: 20 };

  const recommend = (name: string, includeRecord = false) =>
    client.call('Recommend', { namespace: 'ns', name, includeRecord });

  beforeAll(async () => {
    await world.start();
    await world.addDeployment('a', 1);
    await world.addDeployment('owned', 1, { 'llm-d.ai/role': 'decode' });
    await world.addVariant(variantOf('a', { maxReplicas: 1 }));
    await world.addVariant(variantOf('owned'));
    await world.addVariant(variantOf('gone'));
    await world.add(horizontalPodAutoscalerKind, hpaOf('owned'));
    const { cluster, clock } = world;
    const ports = { cluster, clock, bus, close: () => bus.close() };
    const flags = ['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--interval-ms=20'];
    const loaded = loadConfig(config, flags, {});
    const module = AutoscalerModule.with(providePorts(() => ports));
    service = await runService({ config, module, grpc: { services: ['autoscaler'] } }, loaded as never);
    client = createGrpcClient<Methods>({
      proto: 'autoscaler',
      service: 'AutoscalerService',
      address: `127.0.0.1:${service.listeners.grpc}`,
    });
    reports = setInterval(() => {
      world.clock.advance(50);
      void world.report(load);
    }, 50);
    await until(async () => {
      const { recommendation } = await recommend('a').catch(() => ({ recommendation: undefined }));
      return recommendation?.code === 'at-max';
    });
  });
  afterAll(async () => {
    clearInterval(reports);
    client.close();
    await service.stop();
    await world.stop();
  });

  it('answers with every term of the recommendation', async () => {
    const answer = await recommend('a');
    expect(answer).toMatchObject({
      leading: true,
      recordJson: '',
      recommendation: {
        ...{ poolNamespace: 'ns', pool: 'pool', role: 'both', targetKind: 'Deployment', targetName: 'a' },
        ...{ current: 1, desired: 1, code: 'at-max', notApplied: '' },
        replicas: { spec: 1, ready: 1, pending: 0, draining: 0, unknown: 0, saturated: 1, min: 1, max: 1 },
        capacity: { kvBoundTokens: 8_000, anticipatedTokens: 8_000, supplyTokens: 8_000 },
        demand: { tokens: 12_200, schedulers: 1, requestTokens: 110, meanInputTokens: 100, held: 0 },
      },
    });
    expect(answer.recommendation?.reason).toMatch(/^demand of 12,200 KV tokens at 85 % exceeds the 8,000/);
    expect(answer.conditions.find((c) => c.type === 'ScalingLimited')).toMatchObject({
      status: 'True',
      reason: 'TooManyReplicas',
    });
  });

  it('gives a record from which the recommendation is computed again', async () => {
    const { recommendation, recordJson } = await recommend('a', true);
    const { input, state, options } = JSON.parse(recordJson) as {
      input: PoolInput;
      state: PoolState;
      options: ScalingOptions;
    };
    const again = recommendPool(input, state, options).decisions.find((d) => d.key === 'ns/a');
    expect(again).toMatchObject({
      desired: recommendation?.desired,
      code: recommendation?.code,
      reason: recommendation?.reason,
    });
    expect(again?.values.demandTokens).toBe(recommendation?.demand?.tokens);
  });

  it('says when a recommendation is not applied, or there is none', async () => {
    const owned = await recommend('owned');
    expect(owned.recommendation?.notApplied).toBe('HorizontalPodAutoscaler "hpa-owned" scales the target');
    expect(owned.recommendation?.desired).toBeGreaterThan(1);
    const gone = await recommend('gone');
    expect(gone.recommendation).toBeNull();
    expect(gone.conditions[0]).toEqual({
      type: 'TargetResolved',
      status: 'False',
      reason: 'TargetNotFound',
      message: 'there is no Deployment "gone" in namespace ns',
    });
  });

  it.each([
    ['no name', { namespace: 'ns' }, status.INVALID_ARGUMENT, /name: is required/],
    ['no namespace', { name: 'a' }, status.INVALID_ARGUMENT, /namespace: is required/],
    ['a name that is too long', { namespace: 'ns', name: 'x'.repeat(300) }, status.INVALID_ARGUMENT, /name/],
    [
      'an unknown variant',
      { namespace: 'ns', name: 'b' },
      status.NOT_FOUND,
      /no VariantAutoscaling "ns\/b".*kubectl get/,
    ],
  ])('refuses %s', async (_what, request, code, says) => {
    await expect(client.call('Recommend', request)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(says),
    });
  });

  it('says in health how it stands, and keeps answering when everything else is gone', async () => {
    const admin = `http://127.0.0.1:${service.listeners.metrics}`;
    load = { kvUsage: 0.1, waiting: 0 };
    await until(async () => (await fetch(`${admin}/readyz`)).status === 200);
    clearInterval(reports);
    bus.disconnect();
    world.cluster.disconnect();
    world.clock.advance(60_000);
    type Report = { status: string; checks: Array<{ name: string; ok: boolean; detail?: string }> };
    let report: Report = { status: '', checks: [] };
    const failing = () =>
      report.checks
        .filter((check) => !check.ok)
        .map((check) => check.name)
        .sort();
    await until(async () => {
      const ready = await fetch(`${admin}/readyz`);
      report = (await ready.json()) as Report;
      return ready.status === 200 && failing().length === 3;
    });
    expect([report.status, failing()]).toEqual(['degraded', ['demand', 'kubernetes', 'nats']]);
    expect(report.checks.find((check) => check.name === 'demand')?.detail).toMatch(
      /2 variants are held; ns\/a: held: the last report of demand is \d+ s old/,
    );
    expect(report.checks.find((check) => check.name === 'lease')?.detail).toMatch(/leading/);
    expect((await recommend('a')).recommendation).toMatchObject({ code: 'hold-no-demand', desired: 1 });
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toMatch(/wva_desired_replicas\{.*variant_name="a".*\} 1/);
    expect(metrics).toMatch(/penstock_autoscaler_holds_total\{.*reason="hold-no-demand".*\} \d+/);
  });
});
