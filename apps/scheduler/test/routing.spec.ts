import { afterEach, describe, expect, it } from '@jest/globals';
import { packKvDeltas, packU64, podKind, type schedulerV1 } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import { createPolicy } from '@penstock/core/routing';
import { createGrpcClient } from '@penstock/platform';
import { FakeBroker, FakeEventBus, until } from '@penstock/testing';
import { DecisionLog } from '../src/application/decision-log.js';
import { type Harness, type HarnessOptions, startHarness } from './scheduler-harness.js';

type Methods = {
  Pick: { request: Partial<schedulerV1.PickRequest>; response: schedulerV1.PickResponse };
  Explain: { request: Partial<schedulerV1.ExplainRequest>; response: schedulerV1.ExplainResponse };
};

/** 8 blocks of 4 tokens. */
const prompt = Array.from({ length: 32 }, (_, i) => 1000 + i);
const keysOf = (tokens: number[], extra = {}) =>
  blockKeys(namespaceSeed({ model: 'base', blockSize: 4, ...extra }), tokens, 4);

describe('routing', () => {
  const open: Array<{ stop(): Promise<void> }> = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.stop();
  });
  const start = async (options: HarnessOptions = {}) => {
    const h = await startHarness(options);
    open.push(h);
    return h;
  };
  const client = (h: Harness) => {
    const grpc = createGrpcClient<Methods>({
      proto: 'scheduler',
      service: 'SchedulerService',
      address: `127.0.0.1:${h.service.listeners.grpc}`,
    });
    open.push({ stop: async () => grpc.close() });
    return grpc;
  };
  const complete = async (h: Harness, body: object = {}, headers = {}) => {
    const response = await h.post(
      '/v1/completions',
      { model: 'base', prompt, stream: true, ...body },
      headers,
    );
    await response.text();
    return {
      status: response.status,
      endpoint: response.headers.get('x-penstock-endpoint') ?? '',
      id: response.headers.get('x-request-id') ?? '',
    };
  };
  const hold = (h: Harness, engine: number, keys: BigUint64Array, sequence = 0, incarnation = 1) =>
    h.bus.publish({
      type: 'kv.snapshot',
      namespace: 'ns',
      pool: 'p',
      key: `ns/engine-${engine}.0`,
      data: {
        engine: `ns/engine-${engine}`,
        incarnation,
        sequence,
        part: 0,
        parts: 1,
        tiers: [{ tier: 'gpu', keys: packU64(keys) }],
      },
    });

  it('follows the cached prefix, and forgets it when the engine drops it', async () => {
    const h = await start({ engines: 4 });
    hold(h, 2, keysOf(prompt));
    await h.bus.settle();
    for (let i = 0; i < 6; i++) expect((await complete(h)).endpoint).toBe(h.addresses[2]);
    h.bus.publish({
      type: 'kv.delta',
      namespace: 'ns',
      pool: 'p',
      key: 'kv-index/test',
      data: packKvDeltas('kv-index/test', [
        { engineId: 'ns/engine-2', incarnation: 1, sequence: 1, cleared: true, changes: [] },
      ])[0],
    });
    hold(h, 1, keysOf(prompt).subarray(0, 4));
    await h.bus.settle();
    for (let i = 0; i < 6; i++) expect((await complete(h)).endpoint).toBe(h.addresses[1]);
    const grpc = client(h);
    const { decision } = await grpc.call('Pick', { model: 'base', tokenIds: prompt });
    expect(decision).toMatchObject({
      promptTokens: 32,
      matchedTokens: 16,
      policy: '3-2-2',
      pool: 'p',
      poolNamespace: 'ns',
    });
    expect(decision?.kvAgeMs).toBeLessThan(5000);
  });

  it('keeps prefixes of different salts and adapters apart', async () => {
    const h = await start({ engines: 2, engineModels: [{ id: 'base' }, { id: 'ada', parent: 'base' }] });
    hold(h, 1, keysOf(prompt, { cacheSalt: 's1' }));
    hold(h, 0, keysOf(prompt, { lora: 'ada' }));
    await h.bus.settle();
    const grpc = client(h);
    const matched = async (request: object) =>
      (await grpc.call('Pick', { model: 'base', tokenIds: prompt, ...request })).decision;
    expect((await matched({}))?.matchedTokens).toBe(0);
    expect(await matched({ cacheSalt: 's1' })).toMatchObject({ matchedTokens: 32, endpoint: h.addresses[1] });
    expect(await matched({ model: 'ada' })).toMatchObject({ matchedTokens: 32, endpoint: h.addresses[0] });
    expect((await matched({ model: 'ada', cacheSalt: 's1' }))?.matchedTokens).toBe(0);
  });

  it('changes the policy of a pool while it runs, and shows it', async () => {
    const h = await start({ engines: 3 });
    expect(await h.metrics()).toContain('penstock_scheduler_pool_policy{pool="ns/p",policy="3-2-2"} 1');
    await h.setPolicy('round-robin');
    await until(async () => (await h.metrics()).includes('pool_policy{pool="ns/p",policy="round-robin"} 1'));
    expect(await h.metrics()).not.toContain('pool_policy{pool="ns/p",policy="3-2-2"}');
    const served = [];
    for (let i = 0; i < 6; i++) served.push((await complete(h)).endpoint);
    expect(new Set(served.slice(0, 3)).size).toBe(3);
    expect(served.slice(3)).toEqual(served.slice(0, 3));
    await h.setPolicy('no-such-policy');
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_unknown_policy_total{pool="ns/p"} 1'),
    );
    expect((await complete(h)).status).toBe(200);
  });

  it('remembers with the approximate policy where a prefix went', async () => {
    const h = await start({ engines: 4, argv: ['--routing-policy=3-2-2-approximate'] });
    for (const e of h.engines) e.behaviour = { kind: 'stream', tokens: 3, usage: true };
    const long = Array.from({ length: 640 }, (_, i) => i);
    const first = (await complete(h, { prompt: long })).endpoint;
    for (let i = 0; i < 5; i++) expect((await complete(h, { prompt: long })).endpoint).toBe(first);
    // The engine says that it had 4 tokens cached, every time.
    await until(async () =>
      (await h.metrics()).includes('prefix_guesses_total{pool="ns/p",outcome="too-much"} 5'),
    );
  });

  it('expects a prompt where it went until the engine tells, or drops everything', async () => {
    const h = await start({ engines: 4, argv: ['--speculative-ttl-ms=60000'] });
    for (let engine = 0; engine < 4; engine++) hold(h, engine, new BigUint64Array(0));
    await h.bus.settle();
    const first = (await complete(h)).endpoint;
    for (let i = 0; i < 3; i++) expect((await complete(h)).endpoint).toBe(first);
    const grpc = client(h);
    const pick = async () => (await grpc.call('Pick', { model: 'base', tokenIds: prompt })).decision;
    expect(await pick()).toMatchObject({ endpoint: first, matchedTokens: 32, prefixSource: 'exact' });
    expect((await pick())?.reason).toContain('32 of the matched tokens are not known to be there');
    const told: unknown[] = [];
    const reader = new FakeEventBus({ broker: h.bus.broker });
    await reader.follow<{ speculativeTokens?: number }>(
      { types: ['routing.decided'], from: 'all' },
      ({ data }) => void told.push(data.speculativeTokens),
    );
    await until(() => told.length >= 6);
    expect(told).toEqual([undefined, 32, 32, 32, 32, 32]);
    expect(await h.metrics()).toContain('penstock_scheduler_prefix_hit_tokens_total{pool="ns/p"} 0');
    const engineId = `ns/engine-${h.addresses.indexOf(first)}`;
    const dropped = { engineId, incarnation: 2, sequence: 1, cleared: true, changes: [] };
    h.bus.publish({
      ...{ type: 'kv.delta', namespace: 'ns', pool: 'p', key: 'kv-index/test' },
      data: packKvDeltas('kv-index/test', [dropped])[0],
    });
    await h.bus.settle();
    expect((await pick())?.matchedTokens).toBe(0);
  });

  it('spreads a burst by the load it reserved, before any metric moved', async () => {
    const h = await start({ engines: 4, argv: ['--scrape-interval-ms=60000'] });
    for (const e of h.engines) e.behaviour = { kind: 'stream', tokens: 3, delayMs: 100 };
    const served = await Promise.all(
      Array.from({ length: 8 }, (_, i) => complete(h, { prompt: [i, ...prompt] })),
    );
    const counts = h.addresses.map((a) => served.filter((s) => s.endpoint === a).length);
    expect(counts).toEqual([2, 2, 2, 2]);
  });

  it('never sends to an engine that is not ready, terminating, draining or serves another model', async () => {
    const h = await start({ engines: 2 });
    h.bus.publish({
      type: 'engine.draining',
      namespace: 'ns',
      pool: 'p',
      key: 'ns/engine-0',
      data: {
        engine: 'ns/engine-0',
        pod: 'engine-0',
        address: h.addresses[0] ?? '',
        deadlineMs: 1,
        reason: 'test',
      },
    });
    await h.bus.settle();
    for (let i = 0; i < 5; i++) expect((await complete(h)).endpoint).toBe(h.addresses[1]);
    const { decision } = await client(h).call('Pick', { model: 'base' });
    expect(decision?.excluded).toEqual({ draining: 1 });
  });

  it('follows readiness, removal and restarts of engines', async () => {
    const h = await start({ engines: 3 });
    const servedBy = async () => {
      const served = new Set<string>();
      for (let i = 0; i < 12; i++) served.add((await complete(h, { prompt: [i] })).endpoint);
      return served;
    };
    await h.setReady(0, false);
    await until(async () => !(await servedBy()).has(h.addresses[0] ?? ''));
    expect((await client(h).call('Pick', { model: 'base' })).decision?.excluded).toEqual({ 'not-ready': 1 });
    await h.cluster.delete(podKind as never, 'ns', 'engine-1');
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 1'),
    );
    expect(await servedBy()).toEqual(new Set([h.addresses[2]]));
    await h.setReady(0, true);
    await h.setRestarts(0, 1);
    await until(async () => (await servedBy()).has(h.addresses[0] ?? ''));
    h.cluster.disconnect();
    await until(async () => (await servedBy()).size === 2);
    await until(async () => (await (await fetch(`${h.metricsUrl}/readyz`)).text()).includes('"degraded"'));
  });

  it('publishes decisions, outcomes, rejections and demand', async () => {
    const h = await start();
    const [ok] = [await complete(h, {}, { 'x-request-id': 'evt-1' })];
    await complete(h, { model: 'nobody' }, { 'x-request-id': 'evt-2' });
    const events: Array<{ type: string; key?: string; data: Record<string, unknown> }> = [];
    const reader = new FakeEventBus({ broker: h.bus.broker });
    const types = ['routing.decided', 'routing.completed', 'routing.rejected', 'demand.reported'];
    await reader.follow({ types, from: 'all' }, (event) => void events.push(event as (typeof events)[0]));
    const demand = () => events.find((e) => e.type === 'demand.reported' && e.data['requests'] === 1)?.data;
    await until(() => demand() !== undefined);
    const of = (type: string, key: string) => events.find((e) => e.type === type && e.key === key)?.data;
    expect(of('routing.decided', 'evt-1')).toMatchObject({
      endpoint: ok?.endpoint,
      model: 'base',
      promptTokens: 32,
      scheduler: 'scheduler-t',
    });
    expect(of('routing.completed', 'evt-1')).toMatchObject({
      outcome: 'ok',
      status: 200,
      outputTokens: 3,
      endpoint: ok?.endpoint,
    });
    expect(of('routing.rejected', 'evt-2')).toMatchObject({ status: 404, model: 'nobody' });
    expect(demand()).toMatchObject({
      model: 'base',
      requests: 1,
      promptTokens: 32,
      class: 'standard',
      role: 'both',
      held: 0,
      engines: [
        { engine: 'ns/engine-0', role: 'both', ready: true, kvUsage: 0.25, kvCapacityTokens: 400 },
        { engine: 'ns/engine-1' },
      ],
    });
    expect(h.bus.invalid).toBe(0);
  });

  it('counts tokens as the engine reported them', async () => {
    const h = await start({ engines: 1 });
    if (h.engines[0]) h.engines[0].behaviour = { kind: 'stream', tokens: 7, usage: true };
    await complete(h);
    if (h.engines[0]) h.engines[0].behaviour = { kind: 'json' };
    await complete(h);
    const metrics = await h.metrics();
    expect(metrics).toContain('penstock_scheduler_output_tokens_total{pool="ns/p"} 12');
    expect(metrics).toContain('penstock_scheduler_cached_tokens_total{pool="ns/p"} 8');
    expect(metrics).toContain('llm_d_epp_request_total{model_name="base",target_model_name="base"} 2');
    expect(metrics).toContain('llm_d_epp_ready_endpoints{name="p"} 1');
    expect(metrics).toContain('llm_d_epp_average_kv_cache_utilization{name="p"} 0.25');
  });

  it('explains its own decisions and those of the other replica', async () => {
    const broker = new FakeBroker();
    const a = await start({ bus: new FakeEventBus({ broker }) });
    const b = await start({ bus: new FakeEventBus({ broker }), argv: ['--instance=scheduler-u'] });
    const { id, endpoint } = await complete(a);
    const own = (await client(a).call('Explain', { requestId: id })).decision;
    await until(() => broker.messages.some((m) => m.subject.includes('routing.decided')));
    const other = (await client(b).call('Explain', { requestId: id })).decision;
    expect(own).toMatchObject({ endpoint, scheduler: 'scheduler-t', requestId: id });
    expect(other).toEqual({ ...own, time: expect.any(String) });
    expect(own?.leading[0]?.scores).toMatchObject({ prefix: expect.any(Number), queue: expect.any(Number) });
    b.bus.disconnect();
    const error = await client(b)
      .call('Explain', { requestId: 'x' })
      .catch((e: { code: number }) => e);
    expect(error).toMatchObject({ code: 14 });
  });

  it('keeps records that decide the same again', async () => {
    const h = await start({ engines: 4 });
    hold(h, 3, keysOf(prompt).subarray(0, 2));
    await h.bus.settle();
    for (let i = 0; i < 10; i++) {
      const { id, endpoint } = await complete(h, { prompt: prompt.slice(0, 8 + i) });
      const record = h.service.get<DecisionLog>(DecisionLog).find(id);
      if (!record?.input) throw new Error('no record');
      const again = createPolicy(record.policy).decide(record.input);
      expect(record.input.endpoints[again.chosen]?.id).toBe(endpoint);
      expect(again.leading).toEqual(record.leading);
    }
  });

  it('keeps picking without the event bus and says so', async () => {
    const h = await start();
    hold(h, 1, keysOf(prompt));
    await h.bus.settle();
    h.bus.disconnect();
    expect(await complete(h)).toMatchObject({ status: 200, endpoint: h.addresses[1] });
    const ready = () => fetch(`${h.metricsUrl}/readyz`);
    await until(async () => ((await (await ready()).json()) as { status: string }).status === 'degraded');
    expect((await ready()).status).toBe(200);
    expect(await h.metrics()).toContain('penstock_scheduler_bus_connected 0');
  });

  it('holds the load of a gRPC pick for as long as asked', async () => {
    const h = await start({ engines: 2, argv: ['--routing-policy=least-request'] });
    const grpc = client(h);
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const first = await grpc.call('Pick', { model: 'base', prompt: 'hello', holdMs: 300 }, { traceparent });
    await until(() => h.bus.broker.messages.some((m) => JSON.stringify([...m.headers]).includes(trace)));
    expect(first.decision?.promptTokens).toBeGreaterThan(0);
    for (let i = 0; i < 4; i++) expect((await complete(h)).endpoint).not.toBe(first.endpoint);
    await new Promise((resolve) => setTimeout(resolve, 350));
    const served = new Set<string>();
    for (let i = 0; i < 12; i++) served.add((await complete(h)).endpoint);
    expect(served).toContain(first.endpoint);
  });
});
