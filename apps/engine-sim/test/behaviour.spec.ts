import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventsOf, send, startTestEngine, type TestEngine } from './engine.js';

let engine: TestEngine;
afterEach(async () => {
  await engine.stop(0);
  expect(engine.errors).toEqual([]);
});

const complete = (body: object) =>
  send(`${engine.url}/v1/completions`, { prompt: Array(100).fill(3), ignore_eos: true, ...body });
const setFailures = (plan: object) => send(`${engine.url}/debug/failures`, plan);
const gauge = async (name: string) => {
  const { text } = await send(`${engine.url}/metrics`);
  return Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1]);
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (condition: () => Promise<boolean>) => {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await pause(10);
  }
  throw new Error('did not happen within 5 s');
};

/** Sends a request and hangs up: `after` bytes of the answer, or before any when it is 0. */
function hangUp(body: object, after: number): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(`${engine.url}/v1/completions`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
    });
    request.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes >= after) request.destroy();
      });
    });
    request.on('error', () => undefined);
    request.on('close', () => resolve());
    request.end(JSON.stringify(body));
    if (after === 0) setTimeout(() => request.destroy(), 100);
  });
}

describe('time', () => {
  it.each([1, 10])('passes %d times faster than the clock', async (speed) => {
    engine = await startTestEngine('--sim-speed', String(speed));
    await complete({ max_tokens: 1 });
    const started = performance.now();
    const tokens = 30 * speed;
    await complete({ max_tokens: tokens });
    const wallMs = performance.now() - started;
    // One sequence alone: 13.86 ms and a little for its context per token, and a short prefill.
    const virtualMs = (tokens - 1) * 13.9 + 4;
    expect(wallMs).toBeGreaterThan((0.98 * virtualMs) / speed);
    expect(wallMs).toBeLessThan((1.1 * virtualMs) / speed + 400);
    const measured = (await gauge('vllm:e2e_request_latency_seconds_sum')) * 1000;
    expect(measured).toBeLessThan(virtualMs * 1.1 + 400 * speed);
  });

  it('tokens come one by one', async () => {
    engine = await startTestEngine();
    const gaps: number[] = [];
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${engine.url}/v1/completions`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json' },
      });
      request.on('response', (response) => {
        let last = performance.now();
        response.on('data', () => {
          gaps.push(performance.now() - last);
          last = performance.now();
        });
        response.on('end', resolve);
      });
      request.end(JSON.stringify({ prompt: [1, 2, 3], max_tokens: 20, ignore_eos: true, stream: true }));
    });
    expect(gaps.length).toBeGreaterThanOrEqual(19);
  });
});

describe('a client that hangs up', () => {
  it.each([
    ['before the answer', { stream: false }, 0],
    ['in the middle of a stream', { stream: true }, 500],
  ])('%s frees what it held', async (_, body, after) => {
    engine = await startTestEngine();
    await hangUp({ prompt: Array(2_000).fill(1), max_tokens: 5_000, ignore_eos: true, ...body }, after);
    await until(async () => (await gauge('vllm:num_requests_running')) === 0);
    expect(await gauge('vllm:kv_cache_usage_perc')).toBe(0);
    const { text } = await send(`${engine.url}/metrics`);
    expect(text).toMatch(/request_success_total\{.*finished_reason="abort"\} 1/);
  });
});

describe('a client that reads slowly', () => {
  it('gets everything in the end, and the engine does not wait for it', async () => {
    engine = await startTestEngine('--sim-speed', '5000');
    const tokens = 30_000;
    const text = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(`${engine.url}/v1/completions`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.pause();
        // The engine has generated everything while nobody read.
        until(async () => (await gauge('vllm:generation_tokens_total')) === tokens).then(() => {
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks).toString()));
          response.resume();
        }, reject);
      });
      request.end(JSON.stringify({ prompt: [1], max_tokens: tokens, ignore_eos: true, stream: true }));
    });
    expect(eventsOf(text)).toHaveLength(tokens);
  });
});

describe('failures on purpose', () => {
  it('latency, in virtual time', async () => {
    engine = await startTestEngine('--sim-speed', '10', '--sim-failures', '{"latencyMs":2000}');
    const started = performance.now();
    expect((await complete({ max_tokens: 1 })).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(195);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('errors at the rate asked for', async () => {
    engine = await startTestEngine('--sim-speed', '500');
    await setFailures({ errorRate: 0.3, errorStatus: 429 });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, () => complete({ max_tokens: 1 }).then((a) => a.status)),
    );
    const failed = statuses.filter((status) => status === 429).length;
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(failed).toBeGreaterThan(35);
    expect(failed).toBeLessThan(90);
    await setFailures({});
    expect((await complete({ max_tokens: 1 })).status).toBe(200);
  });

  it('a hanging engine answers /health and finishes later', async () => {
    engine = await startTestEngine('--sim-speed', '500', '--sim-failures', '{"hang":"engine"}');
    let answered = false;
    const answer = complete({ max_tokens: 5 }).then((a) => {
      answered = true;
      return a;
    });
    await pause(150);
    expect(answered).toBe(false);
    expect((await send(`${engine.url}/health`)).status).toBe(200);
    await setFailures({});
    expect((await answer).status).toBe(200);
  });

  it('a hanging server answers nothing but /debug', async () => {
    engine = await startTestEngine('--sim-speed', '500');
    await setFailures({ hang: 'server' });
    let answered = false;
    const health = send(`${engine.url}/health`).then((a) => {
      answered = true;
      return a;
    });
    await pause(150);
    expect(answered).toBe(false);
    await setFailures({});
    expect((await health).status).toBe(200);
  });

  it('streams cut after the first token', async () => {
    engine = await startTestEngine('--sim-failures', '{"cutRate":1}');
    await expect(complete({ stream: true, max_tokens: 50 })).rejects.toThrow(/aborted|hang up|reset/);
    await until(async () => (await gauge('vllm:num_requests_running')) === 0);
  });

  it('a plan that is none is refused and changes nothing', async () => {
    engine = await startTestEngine('--sim-failures', '{"errorRate":0.25}');
    const answer = await setFailures({ errorRate: 7 });
    expect(answer.status).toBe(400);
    expect(JSON.parse((await send(`${engine.url}/debug/failures`)).text)).toMatchObject({ errorRate: 0.25 });
  });
});

describe('the rest', () => {
  it('has no debug endpoints when told so', async () => {
    engine = await startTestEngine('--no-sim-debug');
    expect((await send(`${engine.url}/debug/cache`)).status).toBe(404);
  });

  it('keeps its cache while requests use it', async () => {
    engine = await startTestEngine();
    const answer = complete({ max_tokens: 10 });
    await until(async () => (await gauge('vllm:num_requests_running')) === 1);
    expect((await send(`${engine.url}/reset_prefix_cache`, {})).status).toBe(409);
    expect((await answer).status).toBe(200);
  });

  it('a context longer than the KV cache is lowered, and says so', async () => {
    engine = await startTestEngine('--num-gpu-blocks-override', '10');
    expect(engine.warnings).toEqual([expect.stringContaining('160')]);
    expect((await complete({ max_tokens: 61 })).status).toBe(400);
    expect((await complete({ max_tokens: 60 })).status).toBe(200);
  });

  it('more than fits at once waits and is served', async () => {
    engine = await startTestEngine('--sim-speed', '10', '--max-num-seqs', '2');
    const answers = Promise.all(Array.from({ length: 9 }, () => complete({ max_tokens: 40, stream: true })));
    await until(async () => (await gauge('vllm:num_requests_waiting')) > 0);
    expect(await gauge('vllm:num_requests_running')).toBeLessThanOrEqual(2);
    for (const { text } of await answers) expect(eventsOf(text)).toHaveLength(40);
  });
});
