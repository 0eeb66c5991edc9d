import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EnginePrompt,
  loadTokenizer,
  probeModels,
  scrapeEngine,
  type Tokenizer,
  tokenizeByEngine,
} from '@penstock/engine';
import fc from 'fast-check';
import { eventsOf, send, startTestEngine, type TestEngine } from './engine.js';

let engine: TestEngine;
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer();
  engine = await startTestEngine(
    '--sim-speed',
    '200',
    '--served-model-name',
    'm',
    'alias',
    '--max-model-len',
    '4096',
  );
});
afterAll(async () => {
  await engine.stop(0);
  expect(engine.errors).toEqual([]);
});

interface Completion {
  id: string;
  model: string;
  choices: Array<{
    text: string;
    finish_reason: string;
    stop_reason: string | null;
    message: { content: string };
  }>;
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    prompt_tokens_details: { cached_tokens: number };
  };
}
const complete = async (body: object): Promise<Completion> => {
  const answer = await send(`${engine.url}/v1/completions`, body);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text) as Completion;
};
const ids = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => (i * 31 + seed * 7_919) % 6_000);

describe('completions', () => {
  it('have exactly the tokens asked for, which encode to as many again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        async (n, m, seed) => {
          const { choices, usage } = await complete({
            prompt: ids(n, seed),
            max_tokens: m,
            ignore_eos: true,
          });
          expect(usage).toMatchObject({ prompt_tokens: n, completion_tokens: m });
          expect(tokenizer.countTokens(choices[0]!.text)).toBe(m);
          expect(choices[0]!.finish_reason).toBe('length');
        },
      ),
      { numRuns: 20 },
    );
  });

  it('repeat for the same request and say how much of the prompt was cached', async () => {
    const body = { model: 'alias', prompt: tokenizer.textOfTokens(100, 5), max_tokens: 40 };
    const first = await complete(body);
    const second = await complete(body);
    expect(second.choices[0]!.text).toBe(first.choices[0]!.text);
    expect(second.model).toBe('alias');
    expect(first.usage.prompt_tokens_details.cached_tokens).toBe(0);
    // 100 tokens are 6 full blocks of 16.
    expect(second.usage.prompt_tokens_details.cached_tokens).toBe(96);
  });

  it.each([
    ['a whole number of blocks: the last one is computed again', 64, 48],
    ['one token more', 65, 64],
    ['less than a block', 15, 0],
  ])('cached tokens of %s', async (_, length, cached) => {
    const body = { prompt: ids(length, length), max_tokens: 1 };
    await complete(body);
    expect((await complete(body)).usage.prompt_tokens_details.cached_tokens).toBe(cached);
  });

  it('a cache salt separates the caches', async () => {
    const body = { prompt: ids(64, 99), max_tokens: 1 };
    await complete(body);
    expect((await complete({ ...body, cache_salt: 's' })).usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect((await complete({ ...body, cache_salt: 's' })).usage.prompt_tokens_details.cached_tokens).toBe(48);
  });

  it('default to 16 tokens; null leaves the length to the model', async () => {
    expect((await complete({ prompt: 'x', ignore_eos: true })).usage.completion_tokens).toBe(16);
    expect((await complete({ prompt: 'x', max_tokens: null })).choices[0]!.finish_reason).toBe('stop');
  });

  it('stop at a stop string', async () => {
    const body = { prompt: 'y', max_tokens: 30, ignore_eos: true };
    const whole = (await complete(body)).choices[0]!.text;
    const stop = whole.slice(20, 26);
    const stopped = (await complete({ ...body, stop })).choices[0]!;
    expect(stopped).toMatchObject({
      text: whole.slice(0, whole.indexOf(stop)),
      finish_reason: 'stop',
      stop_reason: stop,
    });
  });

  it('accept one prompt in a batch', async () => {
    expect((await complete({ prompt: [ids(5, 1)], max_tokens: 1 })).usage.prompt_tokens).toBe(5);
    expect((await complete({ prompt: ['one two'], max_tokens: 1 })).usage.prompt_tokens).toBe(
      tokenizer.countTokens('one two'),
    );
  });

  it('stream the same text, one event per token, with usage when asked', async () => {
    const body = { prompt: ids(40, 3), max_tokens: 25, ignore_eos: true };
    const whole = (await complete(body)).choices[0]!.text;
    const { headers, text } = await send(
      `${engine.url}/v1/completions`,
      { ...body, stream: true, stream_options: { include_usage: true } },
      { 'x-request-id': 'abc-1' },
    );
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': 'abc-1',
    });
    const events = eventsOf(text) as unknown as Completion[];
    const usage = events.pop()!;
    expect(events).toHaveLength(25);
    expect(events.map((event) => event.choices[0]!.text).join('')).toBe(whole);
    expect(events.map((event) => event.choices[0]!.finish_reason)).toEqual([
      ...Array(24).fill(null),
      'length',
    ]);
    expect(usage).toMatchObject({
      id: 'cmpl-abc-1',
      choices: [],
      usage: { prompt_tokens: 40, completion_tokens: 25, total_tokens: 65 },
    });
  });

  it('stream text cut by a stop string exactly', async () => {
    const body = { prompt: ids(40, 3), max_tokens: 25, ignore_eos: true };
    const whole = (await complete(body)).choices[0]!.text;
    const stop = whole.slice(33, 47);
    const { text } = await send(`${engine.url}/v1/completions`, { ...body, stop: [stop], stream: true });
    const streamed = (eventsOf(text) as unknown as Completion[])
      .map((event) => event.choices[0]!.text)
      .join('');
    expect(streamed).toBe(whole.slice(0, whole.indexOf(stop)));
  });
});

describe('chat completions', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
  ];

  it('count the tokens of the template', async () => {
    const { text } = await send(`${engine.url}/v1/chat/completions`, {
      model: 'm',
      messages,
      max_completion_tokens: 4,
    });
    const answer = JSON.parse(text) as Completion;
    expect(answer.usage.prompt_tokens).toBe(tokenizer.encodeChat(messages).length);
    expect(answer.choices[0]!.message).toMatchObject({ role: 'assistant', content: expect.any(String) });
  });

  it('stream a role, then the text', async () => {
    const { text } = await send(`${engine.url}/v1/chat/completions`, {
      messages,
      max_tokens: 5,
      ignore_eos: true,
      stream: true,
    });
    const deltas = eventsOf(text).map((event) => (event['choices'] as Array<{ delta: object }>)[0]!.delta);
    expect(deltas).toHaveLength(6);
    expect(deltas[0]).toEqual({ role: 'assistant', content: '' });
    expect(deltas[1]).toEqual({ content: expect.stringMatching(/^ [a-z]+$/) });
  });
});

describe('the rest of the API', () => {
  it('lists the served names', async () => {
    const { data } = JSON.parse((await send(`${engine.url}/v1/models`)).text) as { data: object[] };
    expect(data).toMatchObject([
      { id: 'm', root: 'Qwen/Qwen3-32B', parent: null, max_model_len: 4_096 },
      { id: 'alias' },
    ]);
  });

  it('tokenizes and back', async () => {
    const { text } = await send(`${engine.url}/tokenize`, { prompt: 'Open the gate' });
    const { tokens, count } = JSON.parse(text) as { tokens: number[]; count: number };
    expect(tokens).toEqual([...tokenizer.encode('Open the gate')]);
    expect(count).toBe(tokens.length);
    expect(JSON.parse((await send(`${engine.url}/detokenize`, { tokens })).text)).toEqual({
      prompt: 'Open the gate',
    });
    const messages = [{ role: 'user', content: 'x' }];
    expect(JSON.parse((await send(`${engine.url}/tokenize`, { messages })).text)).toMatchObject({
      tokens: [...tokenizer.encodeChat(messages)],
    });
  });

  it.each(['tokenize', 'render'] as const)(
    'gives the tokens of prompts to whoever asks by %s',
    async (api) => {
      const text = 'Open the gate, Zoë: 12 cm\n';
      const ask = (prompt: EnginePrompt) => tokenizeByEngine(engine.url, 'm', prompt, api);
      expect(await ask({ kind: 'text', text })).toEqual(tokenizer.encode(text));
      const messages = [{ role: 'user', content: text }];
      const tools = [{ type: 'function', function: { name: 'open' } }];
      expect(await ask({ kind: 'chat', messages, tools, addGenerationPrompt: false })).toEqual(
        tokenizer.encodeChat(messages, { tools, addGenerationPrompt: false }),
      );
      expect((await send(`${engine.url}/v1/completions/render`, { prompt: [7, 8] })).text).toContain('[7,8]');
      expect((await send(`${engine.url}/v1/completions/render`, {})).status).toBe(400);
    },
  );

  it('is healthy and measures under vLLM names', async () => {
    expect((await send(`${engine.url}/health`)).status).toBe(200);
    const { text } = await send(`${engine.url}/metrics`);
    const value = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1]);
    expect(value('vllm:num_requests_waiting')).toBe(0);
    expect(value('vllm:num_requests_running')).toBe(0);
    expect(value('vllm:kv_cache_usage_perc')).toBe(0);
    expect(value('vllm:prefix_cache_queries_total')).toBeGreaterThan(value('vllm:prefix_cache_hits_total'));
    expect(value('vllm:prefix_cache_hits_total')).toBeGreaterThan(0);
    expect(value('vllm:prompt_tokens_total')).toBe(value('vllm:prefix_cache_queries_total'));
    expect(value('vllm:generation_tokens_total')).toBeGreaterThan(0);
    for (const histogram of ['time_to_first_token', 'inter_token_latency', 'e2e_request_latency']) {
      expect(value(`vllm:${histogram}_seconds_count`)).toBeGreaterThan(0);
    }
    expect(text).toMatch(/vllm:cache_config_info\{[^}]*block_size="16",num_gpu_blocks="19208"/);
  });

  it('is understood by the library that reads engines', async () => {
    const address = new URL(engine.url).host;
    expect(await scrapeEngine(address)).toMatchObject({
      engine: 'vllm',
      waiting: 0,
      running: 0,
      kvUsage: 0,
      blockSize: 16,
      blockCount: 19_208,
      modelNames: ['m'],
      prefixQueryTokens: expect.any(Number),
      prefixHitTokens: expect.any(Number),
    });
    expect(await probeModels(address)).toMatchObject({
      baseModel: 'm',
      baseNames: ['m', 'alias'],
      maxModelLen: 4_096,
    });
  });

  it('empties its cache when idle', async () => {
    const body = { prompt: ids(64, 1234), max_tokens: 1 };
    await complete(body);
    expect((await send(`${engine.url}/reset_prefix_cache`, {})).status).toBe(200);
    expect((await complete(body)).usage.prompt_tokens_details.cached_tokens).toBe(0);
  });
});
