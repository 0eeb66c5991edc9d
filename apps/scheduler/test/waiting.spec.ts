import { afterEach, describe, expect, it } from '@jest/globals';
import { podKind, type schedulerV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { DecisionLog } from '../src/application/decision-log.js';
import { type Harness, type HarnessOptions, startHarness } from './scheduler-harness.js';

const completion = { model: 'base', prompt: Array.from({ length: 32 }, (_, i) => i), stream: true };
const variant = {
  apiVersion: 'llmd.ai/v1alpha1',
  kind: 'VariantAutoscaling',
  metadata: { namespace: 'ns', name: 'v' },
  spec: { modelID: 'base', scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
};
const model = (modelName: string) => ({
  apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
  kind: 'InferenceModel',
  metadata: { name: modelName, namespace: 'ns' },
  spec: { modelName, poolRef: { name: 'p' }, targetModels: [{ name: 'base' }] },
});

type Methods = {
  Pick: { request: Partial<schedulerV1.PickRequest>; response: schedulerV1.PickResponse };
  Explain: { request: Partial<schedulerV1.ExplainRequest>; response: schedulerV1.ExplainResponse };
};
interface Report {
  model: string;
  requests: number;
  promptTokens: number;
  held: number;
  heldTokens: number;
  engines: Array<{ engine: string; ready: boolean; role: string }>;
}

describe('requests for a pool without engines', () => {
  const open: Harness[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) await h.stop();
  });
  const start = async (options: HarnessOptions = {}) => {
    const h = await startHarness({ engines: 1, pods: 0, variants: [variant], ...options });
    open.push(h);
    return h;
  };
  const reports = async (h: Harness): Promise<Report[]> => {
    const seen: Report[] = [];
    const reader = new FakeEventBus({ broker: h.bus.broker });
    await reader.follow<Report>(
      { types: ['demand.reported'], from: 'all' },
      ({ data }) => void seen.push(data),
    );
    return seen;
  };
  const held = async (h: Harness, count: number) =>
    until(async () =>
      (await h.metrics()).includes(`penstock_scheduler_waiting_requests{pool="ns/p"} ${count}`),
    );
  const answered = async (response: Response) => {
    const text = await response.text();
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
  };

  it('wait, are reported at once, and are answered when an engine comes', async () => {
    const h = await start();
    expect(await (await fetch(`${h.url}/v1/models`)).json()).toMatchObject({ data: [{ id: 'base' }] });
    const seen = await reports(h);
    const asked = h.post('/v1/completions', completion, { 'x-request-id': 'held-1' });
    await until(() => seen.some((report) => report.held === 1));
    expect(seen.find((report) => report.held === 1)).toMatchObject({
      model: 'base',
      requests: 1,
      promptTokens: 32,
      heldTokens: 32,
      engines: [],
    });
    await h.addPod(0);
    const answer = await asked;
    expect(await answered(answer)).toMatchObject({ status: 200 });
    expect(answer.headers.get('x-penstock-endpoint')).toBe(h.addresses[0]);
    const record = h.service.get<DecisionLog>(DecisionLog).find('held-1');
    expect(record?.waitedMs).toBeGreaterThan(0);
    const address = `127.0.0.1:${h.service.listeners.grpc}`;
    const grpc = createGrpcClient<Methods>({ proto: 'scheduler', service: 'SchedulerService', address });
    const { decision } = await grpc.call('Explain', { requestId: 'held-1' });
    grpc.close();
    expect(decision).toMatchObject({ waitedMs: record?.waitedMs, prefixSource: 'approximate' });
    expect(record?.reason).toMatch(/^waited \d+\.\d s for an engine; /);
    // It is counted once, though it was held before it was sent.
    await until(() => seen.some((report) => report.engines.some((e) => e.ready)));
    expect(seen.reduce((sum, report) => sum + report.requests, 0)).toBe(1);
    const metrics = await h.metrics();
    expect(metrics).toContain('penstock_scheduler_waits_total{pool="ns/p",outcome="released"} 1');
    expect(metrics).toContain('penstock_scheduler_waiting_requests{pool="ns/p"} 0');
    expect(metrics).not.toContain('penstock_scheduler_rejected_total{');
    expect(h.bus.invalid).toBe(0);
  });

  it('are answered in the order in which they came', async () => {
    const h = await start({ models: [model('alias')], variants: [] });
    const order: string[] = [];
    const reader = new FakeEventBus({ broker: h.bus.broker });
    await reader.follow({ types: ['routing.decided'], from: 'all' }, ({ key }) => void order.push(key ?? ''));
    const ids = Array.from({ length: 40 }, (_, i) => `r-${i}`);
    const asked = [];
    for (const id of ids) {
      const body = { ...completion, model: 'alias' };
      asked.push(h.post('/v1/completions', body, { 'x-request-id': id }).then(answered));
      await held(h, asked.length);
    }
    await h.addPod(0);
    expect((await Promise.all(asked)).map((a) => a.status)).toEqual(asked.map(() => 200));
    await until(() => order.length === ids.length);
    expect(order).toEqual(ids);
  });

  it('are refused as before where no engine is expected', async () => {
    const h = await start({ models: [model('alias')], variants: [] });
    const answer = await answered(await h.post('/v1/completions', completion));
    expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'no_endpoint' } });
  });

  it('end with 429 in a full room, by number and by bytes', async () => {
    for (const limit of ['--waiting-room-requests=1', '--waiting-room-bytes=200']) {
      const h = await start({ argv: [limit] });
      const first = h.post('/v1/completions', completion);
      await held(h, 1);
      const answer = await answered(await h.post('/v1/completions', completion));
      expect(answer).toMatchObject({ status: 429, retryAfter: '5' });
      expect(JSON.parse(answer.text)).toMatchObject({
        error: { code: 'waiting_room_full', message: expect.stringContaining('no engine of pool ns/p') },
      });
      await h.addPod(0);
      expect(await answered(await first)).toMatchObject({ status: 200 });
    }
  });

  it('end with 503 after the longest wait, saying what they waited for', async () => {
    const h = await start({ pods: 1, argv: ['--waiting-room-timeout-ms=300'] });
    await h.setReady(0, false);
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 0'),
    );
    const answer = await answered(await h.post('/v1/completions', completion));
    expect(answer).toMatchObject({ status: 503, retryAfter: '5' });
    const { error } = JSON.parse(answer.text);
    expect(error).toMatchObject({ code: 'wait_timeout' });
    expect(error.message).toMatch(
      /^waited 0\.[3-9] s for an engine of pool ns\/p that can take requests \(1 not-ready\); none came$/,
    );
    expect(await h.metrics()).toContain('penstock_scheduler_rejected_total{reason="wait_timeout"} 1');
  });

  it('leave when the client leaves, and when the replica stops', async () => {
    const h = await start();
    const gone = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(completion);
    const left = fetch(`${h.url}/v1/completions`, {
      method: 'POST',
      headers,
      body,
      signal: gone.signal,
    }).catch(() => undefined);
    await held(h, 1);
    gone.abort();
    await left;
    await held(h, 0);
    expect(await h.metrics()).toContain(
      'penstock_scheduler_waits_total{pool="ns/p",outcome="client-gone"} 1',
    );
    const asked = h.post('/v1/completions', completion);
    await held(h, 1);
    const stopped = h.service.stop();
    const answer = await answered(await asked);
    expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'shutting_down' } });
    expect(await stopped).toBe(true);
  });

  it('wait again for a pool that served them and lost its last engine', async () => {
    const h = await start({ pods: 1, variants: [] });
    expect(await answered(await h.post('/v1/completions', completion))).toMatchObject({ status: 200 });
    await h.cluster.delete(podKind as never, 'ns', 'engine-0');
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 0'),
    );
    const asked = h.post('/v1/completions', completion);
    await held(h, 1);
    await h.addPod(0);
    expect(await answered(await asked)).toMatchObject({ status: 200 });
  });

  it('wait until an engine listens, where its pod is ready before that', async () => {
    const h = await start({ variants: [], pods: 1 });
    const [engine] = h.engines;
    if (!engine) throw new Error('one engine');
    await engine.stop();
    // The first finds out that nothing listens; it is held like those that knew.
    const asked = [h.post('/v1/completions', completion).then(answered)];
    await held(h, 1);
    asked.push(h.post('/v1/completions', completion).then(answered));
    await held(h, 2);
    await engine.restart();
    expect((await Promise.all(asked)).map((a) => a.status)).toEqual([200, 200]);
  });

  it('are never given whole to engines that only prefill', async () => {
    const prefill = { 'llm-d.ai/role': 'prefill' };
    const h = await start({ engines: 2, pods: 1, labels: [prefill] });
    const seen = await reports(h);
    const asked = h.post('/v1/completions', completion);
    await held(h, 1);
    await h.addPod(1, { 'llm-d.ai/role': 'decode' });
    const answer = await asked;
    expect(await answered(answer)).toMatchObject({ status: 200 });
    expect(answer.headers.get('x-penstock-endpoint')).toBe(h.addresses[1]);
    expect(h.engines[0]?.seen).toEqual([]);
    await until(() => seen.some(({ engines }) => engines.length === 2 && engines.every((e) => e.ready)));
    expect(seen.at(-1)?.engines.map((e) => e.role)).toEqual(['prefill', 'decode']);
  });

  it('do not wait when they come by gRPC, and are demand all the same', async () => {
    const h = await start();
    const seen = await reports(h);
    const address = `127.0.0.1:${h.service.listeners.grpc}`;
    const grpc = createGrpcClient<Methods>({ proto: 'scheduler', service: 'SchedulerService', address });
    const error = await grpc
      .call('Pick', { model: 'base', tokenIds: [1, 2, 3] })
      .catch((e: { code: number }) => e);
    grpc.close();
    expect(error).toMatchObject({ code: 14 });
    await until(() => seen.some((report) => report.requests === 1));
    expect(seen.find((report) => report.requests === 1)).toMatchObject({ promptTokens: 3, held: 0 });
  });
});

describe('draining engines', () => {
  const open: Harness[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) await h.stop();
  });
  const start = async (options: HarnessOptions) => {
    const h = await startHarness(options);
    open.push(h);
    return h;
  };
  const servedBy = async (h: Harness) => {
    const served = new Set<string | null>();
    for (let i = 0; i < 8; i++) {
      const response = await h.post('/v1/completions', { ...completion, prompt: [i] });
      await response.text();
      served.add(response.headers.get('x-penstock-endpoint'));
    }
    return served;
  };
  const drain = (h: Harness, engine: number, on = true) =>
    h.annotate(engine, 'penstock.dev/draining', on ? '2026-11-25T23:59:00Z' : null);

  it('get no requests while they are annotated, and requests again afterwards', async () => {
    const h = await start({ engines: 2 });
    await drain(h, 0);
    await until(async () => !(await servedBy(h)).has(h.addresses[0] ?? ''));
    await drain(h, 0, false);
    await until(async () => (await servedBy(h)).size === 2);
  });

  it('let requests wait for a better one, and serve them when none may wait', async () => {
    const h = await start({ engines: 2, pods: 1, variants: [variant] });
    await drain(h, 0);
    const ready = (count: number) =>
      until(async () =>
        (await h.metrics()).includes(`penstock_scheduler_endpoints{pool="ns/p",state="ready"} ${count}`),
      );
    await ready(0);
    const asked = h.post('/v1/completions', completion);
    await until(async () => (await h.metrics()).includes('waiting_requests{pool="ns/p"} 1'));
    await h.addPod(1);
    expect((await asked).headers.get('x-penstock-endpoint')).toBe(h.addresses[1]);

    const full = await start({ engines: 1, argv: ['--waiting-room-requests=0'] });
    await drain(full, 0);
    await until(async () =>
      (await full.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 0'),
    );
    expect((await full.post('/v1/completions', completion)).status).toBe(200);
    const late = await start({ engines: 1, argv: ['--waiting-room-timeout-ms=200'] });
    await drain(late, 0);
    await until(async () =>
      (await late.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 0'),
    );
    expect((await late.post('/v1/completions', completion)).status).toBe(200);
  });
});
