import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { gangplacerV1 } from '@penstock/contracts';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  type RunningService,
  runService,
  systemClock,
} from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { config } from '../src/config.js';
import { PlacerModule, providePorts } from '../src/placer.module.js';
import { NAMESPACE, PlacementWorld } from './placement/placement-lab.js';

type Methods = {
  Explain: { request: object; response: gangplacerV1.ExplainResponse };
  ListGangs: { request: object; response: gangplacerV1.ListGangsResponse };
};

describe('penstock.gangplacer.v1', () => {
  const world = new PlacementWorld();
  const bus = new FakeEventBus({ broker: world.broker });
  let service: RunningService;
  let client: GrpcClient<Methods>;

  beforeAll(async () => {
    await world.start();
    await world.addNode('a', 8, { labels: { rack: '1' } });
    await world.addNode('b', 8, { labels: { rack: '1' } });
    await world.addNode('c', 8, { labels: { rack: '2' }, spec: { unschedulable: true } });
    await world.addGang('small', [{ pods: 1 }], { rack: 'required' });
    const ports = { cluster: world.cluster, bus, clock: systemClock, close: () => bus.close() };
    const flags = ['--grpc-port=0', '--metrics-port=0', '--log-level=silent', '--batch-ms=1'];
    const module = PlacerModule.with(providePorts(() => ports));
    const loaded = loadConfig(config, flags, {});
    service = await runService({ config, module, grpc: { services: ['gangplacer'] } }, loaded as never);
    client = createGrpcClient<Methods>({
      ...{ proto: 'gangplacer', service: 'GangPlacerService' },
      address: `127.0.0.1:${service.listeners.grpc}`,
    });
    await until(async () => (await world.placement('small'))?.status?.phase === 'Bound');
    await world.addGang('big', [{ pods: 2 }], { rack: 'required', priority: 7 });
    await world.addGang('gated', [{ pods: 1 }], { gated: true });
    await until(async () => (await world.condition('big', 'Scheduled'))?.status === 'False');
  });
  afterAll(async () => {
    client.close();
    await service.stop();
    await world.stop();
  });

  it('lists gangs with their states', async () => {
    const { gangs, total, leading, dataAgeMs } = await client.call('ListGangs', {});
    expect(gangs.map(({ name, state }) => [name, state])).toEqual([
      ['big', 'waiting'],
      ['gated', 'gated'],
      ['small', 'bound'],
    ]);
    expect({ total, leading, dataAgeMs }).toEqual({ total: 3, leading: true, dataAgeMs: '0' });
    const page = await client.call('ListGangs', { namespace: NAMESPACE, offset: 1, limit: 1 });
    expect(page).toMatchObject({ gangs: [{ name: 'gated' }], total: 3 });
    expect(await client.call('ListGangs', { namespace: 'elsewhere' })).toMatchObject({ gangs: [], total: 0 });
  });

  it('explains a gang that waits: counts, domains, what is missing', async () => {
    const answer = await client.call('Explain', { namespace: NAMESPACE, gang: 'big' });
    expect(answer.gang).toMatchObject({
      state: 'waiting',
      minimumPods: 2,
      pods: 2,
      boundPods: 0,
      priority: 7,
    });
    expect(Number(answer.gang?.waitingMs)).toBeGreaterThan(0);
    expect(answer.gang?.reason).toBe(
      '1/3 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) were unschedulable; best domain rack=1 fits 1 of 2 pods',
    );
    expect(answer).toMatchObject({
      ...{ decision: null, totalDomains: 1, totalNodes: 3, leading: true },
      domains: [{ domain: '1', nodes: 2, fittingPods: 1, limiting: 'Insufficient nvidia.com/gpu' }],
      nodeReasons: [
        { reason: 'Insufficient nvidia.com/gpu', nodes: 1 },
        { reason: 'node(s) were unschedulable', nodes: 1 },
      ],
    });
  });

  it('explains a gang that is bound: the decision on record', async () => {
    const { decision, gang, domains } = await client.call('Explain', { namespace: NAMESPACE, gang: 'small' });
    expect(gang).toMatchObject({ state: 'bound', boundPods: 1, reason: '', waitingMs: '0' });
    expect(decision).toMatchObject({
      ...{ attempt: '1', phase: 'Bound', domainKey: 'rack', domain: '1', score: 1, leaseTransitions: '1' },
      assignments: [{ pod: 'small-g0-0', bound: true }],
    });
    expect(domains).toEqual([]);
  });

  it.each<[string, keyof Methods, object, status, string]>([
    ['no namespace', 'Explain', { gang: 'x' }, status.INVALID_ARGUMENT, 'namespace: is required'],
    ['no gang', 'Explain', { namespace: 'x' }, status.INVALID_ARGUMENT, 'gang: is required'],
    [
      'an unknown gang',
      'Explain',
      { namespace: 'x', gang: 'y' },
      status.NOT_FOUND,
      'ListGangs names the gangs',
    ],
    [
      'a wrong name',
      'Explain',
      { namespace: 'x', gang: 'A/b' },
      status.INVALID_ARGUMENT,
      'name of a PodGang',
    ],
    [
      'a wrong namespace',
      'ListGangs',
      { namespace: '../x' },
      status.INVALID_ARGUMENT,
      'Kubernetes namespace',
    ],
    [
      'a page that is too long',
      'ListGangs',
      { limit: 1_001 },
      status.INVALID_ARGUMENT,
      'at most 1000: use offset',
    ],
  ])('refuses %s', async (_, method, request, code, text) => {
    const error = await client.call(method, request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, details: expect.stringContaining(text) });
  });

  it('says in health and metrics how it is', async () => {
    const base = `http://127.0.0.1:${service.listeners.metrics}`;
    const ready = (await (await fetch(`${base}/readyz`)).json()) as {
      status: string;
      checks: Array<{ name: string; detail?: string }>;
    };
    expect(ready.status).toBe('ok');
    expect(ready.checks.find(({ name }) => name === 'lease')?.detail).toBe('leading, transition 1');
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('penstock_gang_placer_gangs{state="waiting"} 1');
    expect(metrics).toContain('penstock_gang_placer_gangs{state="bound"} 1');
    expect(metrics).toContain('penstock_gang_placer_leading 1');
    expect(metrics).toContain('penstock_gang_placer_placements_total{outcome="bound"} 1');
    expect(metrics).toMatch(
      /penstock_gang_placer_refusals_total\{reason="Insufficient nvidia.com\/gpu"\} \d/,
    );
  });

  it('goes on deciding without the bus, and answers while the API is away', async () => {
    bus.disconnect();
    await world.addGang('late', [{ pods: 1 }], { rack: 'required' });
    await until(async () => (await world.placement('late'))?.status?.phase === 'Bound');
    world.cluster.disconnect();
    const { gangs } = await client.call('ListGangs', {});
    expect(gangs).toHaveLength(4);
    await new Promise((resolve) => setTimeout(resolve, 550));
    const base = `http://127.0.0.1:${service.listeners.metrics}`;
    const { status: health } = (await (await fetch(`${base}/readyz`)).json()) as { status: string };
    expect(health).toBe('degraded');
    world.cluster.reconnect();
  });
});
