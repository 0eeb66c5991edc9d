import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { type Harness, startHarness } from './scheduler-harness.js';

const tokens = Array.from({ length: 32 }, (_, i) => i);
const completion = { model: 'base', prompt: tokens, max_tokens: 5, stream: true };

describe('the front door', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await startHarness();
  });
  beforeEach(() => {
    for (const engine of h.engines) {
      engine.behaviour = { kind: 'stream', tokens: 3 };
      engine.seen.length = 0;
    }
  });
  afterAll(() => h.stop());
  const all = () => h.engines.flatMap((e) => e.seen);

  it('streams an answer and says which engine gave it', async () => {
    const response = await h.post('/v1/completions', completion, { 'x-request-id': 'req-1' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('x-request-id')).toBe('req-1');
    expect(h.addresses).toContain(response.headers.get('x-penstock-endpoint'));
    expect(response.headers.get('x-penstock-policy')).toBe('3-2-2');
    const text = await response.text();
    expect(text).toContain(' t2');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('forwards the body byte for byte and only safe headers', async () => {
    const body = `{ "prompt" : "héllo \\u00e9 \\ud83d\\ude00", "model":"base",\n"seed": 1.50e1, "x":[]}`;
    const response = await h.post('/v1/completions', body, {
      'x-request-id': 'req-2',
      authorization: 'Bearer k',
      'x-gateway-destination-endpoint': '169.254.169.254:80',
      'X-Gateway-Destination-Endpoint-Subset': '1.2.3.4:80',
      'x-llm-d-inference-fairness-id': 'somebody-else',
      'x-prefiller-host-port': '1.2.3.4:80',
      'x-data-parallel-rank': '3',
      'x-session-token': 'bnMvcG9k',
      'x-custom': 'kept',
    });
    expect(response.status).toBe(200);
    await response.text();
    const [seen] = all();
    expect(seen?.body.toString()).toBe(body);
    expect(seen?.path).toBe('/v1/completions');
    expect(seen?.headers).toMatchObject({
      'x-request-id': 'req-2',
      authorization: 'Bearer k',
      'x-custom': 'kept',
    });
    expect(seen?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    const sent = Object.keys(seen?.headers ?? {});
    expect(sent.filter((name) => /gateway|llm-d|prefiller|rank|session/.test(name))).toEqual([]);
  });

  it('keeps the trace of the caller', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await (
      await h.post('/v1/completions', completion, { traceparent: `00-${trace}-00f067aa0ba902b7-01` })
    ).text();
    expect(all()[0]?.headers.traceparent).toContain(trace);
    expect(all()[0]?.headers.traceparent).not.toContain('00f067aa0ba902b7');
  });

  it('serves chat and plain answers', async () => {
    for (const e of h.engines) e.behaviour = { kind: 'json' };
    const response = await h.post('/v1/chat/completions', {
      model: 'base',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(await response.json()).toMatchObject({ usage: { completion_tokens: 5 } });
    expect(all()[0]?.path).toBe('/v1/chat/completions');
  });

  it('lists the models', async () => {
    const models = await (await fetch(`${h.url}/v1/models`)).json();
    expect(models).toEqual({
      object: 'list',
      data: [{ id: 'base', object: 'model', created: 0, owned_by: 'penstock' }],
    });
  });

  it.each([
    ['dies before its head', { kind: 'die-early' }],
    ['dies before its first byte', { kind: 'die-early', afterHead: true }],
    ['answers 500', { kind: 'status', status: 500 }],
    ['sheds with 429', { kind: 'status', status: 429 }],
  ] as const)('tries another engine when one %s', async (_name, behaviour) => {
    await h.setPolicy('round-robin');
    await until(async () => (await h.metrics()).includes('pool_policy{pool="ns/p",policy="round-robin"} 1'));
    const [bad, good] = h.engines;
    if (!bad || !good) throw new Error('two engines');
    bad.behaviour = behaviour;
    const served = [];
    for (let i = 0; i < 4; i++) {
      const response = await h.post('/v1/completions', completion);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('[DONE]');
      served.push(response.headers.get('x-penstock-endpoint'));
    }
    expect(new Set(served)).toEqual(new Set([h.addresses[1]]));
    expect(bad.seen.length).toBeGreaterThan(0);
    await h.setPolicy('3-2-2');
    await until(async () => (await h.metrics()).includes('pool_policy{pool="ns/p",policy="3-2-2"} 1'));
  });

  it('answers 429 with Retry-After when every engine sheds', async () => {
    for (const e of h.engines) e.behaviour = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };
    const response = await h.post('/v1/completions', completion);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('x-llm-d-request-dropped-reason')).toBe('rejected-saturated');
    expect(await response.json()).toMatchObject({ error: { code: 'engines_saturated', param: null } });
  });

  it('passes an engine’s refusal of the request on as it is', async () => {
    const body = '{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}';
    for (const e of h.engines) e.behaviour = { kind: 'status', status: 400, body };
    const response = await h.post('/v1/completions', completion);
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(body);
    expect(all()).toHaveLength(1);
  });

  it('ends a stream that breaks in the middle with an error event', async () => {
    for (const e of h.engines) e.behaviour = { kind: 'stream', tokens: 5, dieAfter: 2 };
    const response = await h.post('/v1/completions', completion);
    const text = await response.text();
    expect(text).toContain(' t1');
    expect(text).not.toContain(' t2');
    const events = text.trim().split('\n\n');
    expect(JSON.parse(events.at(-2)?.slice(6) ?? '')).toMatchObject({ error: { code: 'engine_lost' } });
    expect(events.at(-1)).toBe('data: [DONE]');
    expect(all()).toHaveLength(1);
  });

  it('aborts at the engine when the client goes away', async () => {
    for (const e of h.engines) e.behaviour = { kind: 'stream', tokens: 1000, delayMs: 10 };
    const gone = new AbortController();
    const response = await fetch(`${h.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(completion),
      signal: gone.signal,
    });
    await response.body?.getReader().read();
    gone.abort();
    await all()[0]?.aborted;
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_in_flight_requests{pool="ns/p"} 0'),
    );
    expect(await h.metrics()).toMatch(/outcomes_total\{pool="ns\/p",outcome="client-abort"\} [1-9]/);
  });

  it('reads from the engine no faster than the client reads', async () => {
    for (const e of h.engines) e.next.push({ kind: 'flood' });
    const gone = new AbortController();
    const response = await fetch(`${h.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(completion),
      signal: gone.signal,
    });
    const flooded = () => h.engines.reduce((sum, e) => sum + e.flooded, 0);
    await until(async () => {
      const before = flooded();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return before > 0 && flooded() === before;
    });
    const stuckAt = flooded();
    expect(stuckAt).toBeLessThan(64 * 1024 * 1024);
    const reader = response.body?.getReader();
    for (let read = 0; read < 2 * stuckAt; )
      read += (await reader?.read())?.value?.length ?? Number.POSITIVE_INFINITY;
    expect(flooded()).toBeGreaterThan(stuckAt);
    gone.abort();
    await all()[0]?.aborted;
    for (const e of h.engines) e.next.length = 0;
  });

  it('aborts at the engine when the client leaves before the first byte', async () => {
    for (const e of h.engines) e.behaviour = { kind: 'hang' };
    const gone = new AbortController();
    const asked = fetch(`${h.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(completion),
      signal: gone.signal,
    }).catch(() => undefined);
    await until(() => all().length === 1);
    gone.abort();
    await asked;
    await all()[0]?.aborted;
    expect(all()).toHaveLength(1);
  });
});

describe('the front door under trouble', () => {
  it('answers 503 when no engine can be reached, and says so', async () => {
    const h = await startHarness({ engines: 1, argv: ['--waiting-room-timeout-ms=200'] });
    try {
      await h.engines[0]?.stop();
      const response = await h.post('/v1/completions', completion);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(response.headers.get('x-llm-d-request-dropped-reason')).toBe('rejected-no-endpoints');
      expect(await response.json()).toMatchObject({ error: { code: 'wait_timeout' } });
      const status = async () =>
        ((await (await fetch(`${h.metricsUrl}/readyz`)).json()) as { status: string }).status;
      await until(async () => (await status()) === 'degraded');
    } finally {
      await h.stop();
    }
  });

  it('finishes the answers in progress when it is stopped', async () => {
    const h = await startHarness({ engines: 1 });
    const [engine] = h.engines;
    if (engine) engine.behaviour = { kind: 'stream', tokens: 30, delayMs: 20 };
    const response = await h.post('/v1/completions', completion);
    const stopped = h.service.stop();
    expect(await response.text()).toContain('data: [DONE]');
    expect(await stopped).toBe(true);
    await h.stop();
  });

  it('asks the only engine again when its connection closed as the request was sent', async () => {
    const h = await startHarness({ engines: 1 });
    try {
      const [engine] = h.engines;
      if (!engine) throw new Error('one engine');
      engine.next.push({ kind: 'die-early' });
      const response = await h.post('/v1/completions', completion);
      expect(response.status).toBe(200);
      await response.text();
      engine.behaviour = { kind: 'die-early' };
      engine.seen.length = 0;
      expect((await h.post('/v1/completions', completion)).status).toBe(503);
      expect(engine.seen).toHaveLength(3);
    } finally {
      await h.stop();
    }
  });

  it('gives up on an engine that does not answer in time', async () => {
    const h = await startHarness({ engines: 1, argv: ['--first-byte-timeout-ms=200'] });
    try {
      if (h.engines[0]) h.engines[0].behaviour = { kind: 'hang' };
      const response = await h.post('/v1/completions', completion);
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({ error: { code: 'engine_timeout' } });
    } finally {
      await h.stop();
    }
  });

  it('sends a weighted share to another target, renaming the model and nothing else', async () => {
    const models = [
      {
        apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
        kind: 'InferenceModel',
        metadata: { name: 'm', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: {
          modelName: 'alias',
          poolRef: { name: 'p' },
          targetModels: [
            { name: 'base', weight: 1 },
            { name: 'ada', weight: 3 },
          ],
        },
      },
    ];
    const engineModels = [{ id: 'base' }, { id: 'ada', parent: 'base' }];
    const h = await startHarness({ engines: 1, models, engineModels });
    try {
      const [engine] = h.engines;
      if (!engine) throw new Error('one engine');
      const names: string[] = [];
      for (let i = 0; i < 60; i++) {
        const response = await h.post(
          '/v1/completions',
          '{"stream":true, "model": "alias" ,"prompt":[1,2,3]}',
        );
        await response.text();
        const body = engine.seen.at(-1)?.body.toString() ?? '';
        const name = /"model": "(\w+)" ,/.exec(body)?.[1] ?? '';
        expect(body).toBe(`{"stream":true, "model": "${name}" ,"prompt":[1,2,3]}`);
        names.push(name);
      }
      const share = names.filter((n) => n === 'ada').length / names.length;
      expect(share).toBeGreaterThan(0.5);
      expect(share).toBeLessThan(0.95);
      expect(names.filter((n) => n === 'base').length).toBe(
        names.length - names.filter((n) => n === 'ada').length,
      );
    } finally {
      await h.stop();
    }
  });
});
