import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Registry } from 'prom-client';
import { parseEngineMetrics, probeModels, scrapeEngine } from '../src/engine-http/index.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// As prometheus_client 0.26 writes vLLM's series for two data-parallel ranks.
const VLLM = `# HELP vllm:num_requests_running Figure.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-32B"} 3.0
vllm:num_requests_running{engine="1",model_name="Qwen/Qwen3-32B"} 4.0
# HELP vllm:num_requests_waiting Figure.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-32B"} 1.0
vllm:num_requests_waiting{engine="1",model_name="Qwen/Qwen3-32B"} 0.0
# TYPE vllm:num_requests_waiting_by_reason gauge
vllm:num_requests_waiting_by_reason{engine="0",model_name="Qwen/Qwen3-32B",reason="capacity"} 9.0
# HELP vllm:kv_cache_usage_perc Figure.
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-32B"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen3-32B"} 0.75
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="Qwen/Qwen3-32B"} 1000.0
vllm:prefix_cache_queries_total{engine="1",model_name="Qwen/Qwen3-32B"} 500.0
# TYPE vllm:prefix_cache_queries_created gauge
vllm:prefix_cache_queries_created{engine="0",model_name="Qwen/Qwen3-32B"} 1.7951691880649436e+09
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="Qwen/Qwen3-32B"} 400.0
vllm:prefix_cache_hits_total{engine="1",model_name="Qwen/Qwen3-32B"} 100.0
# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",cache_dtype="auto",engine="0",num_gpu_blocks="27500"} 1.0
vllm:cache_config_info{block_size="16",cache_dtype="auto",engine="1",num_gpu_blocks="27500"} 1.0
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="Qwen/Qwen3-32B"} 1.0
# TYPE vllm:lora_requests_info gauge
vllm:lora_requests_info{max_lora="4",running_lora_adapters="a",waiting_lora_adapters=""} 1.7e+09
vllm:lora_requests_info{max_lora="4",running_lora_adapters="a,b",waiting_lora_adapters="c"} 1.700000005e+09`;

const VLLM_FIGURES = {
  engine: 'vllm',
  waiting: 1,
  running: 7,
  kvUsage: 0.5,
  blockSize: 16,
  blockCount: 55000,
  modelNames: ['Qwen/Qwen3-32B'],
  prefixQueryTokens: 1500,
  prefixHitTokens: 500,
  lora: { maxAdapters: 4, running: ['a', 'b'], waiting: ['c'] },
};

describe('parseEngineMetrics', () => {
  it('reads vLLM, its ranks together', () => {
    expect(parseEngineMetrics(VLLM)).toEqual(VLLM_FIGURES);
  });

  it('reads vLLM with its older names, without cache information', () => {
    expect(
      parseEngineMetrics(
        'vllm:num_requests_running 2\nvllm:num_requests_waiting 0\nvllm:gpu_cache_usage_perc 0.5\n' +
          'vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1\n',
      ),
    ).toEqual({
      engine: 'vllm',
      waiting: 0,
      running: 2,
      kvUsage: 0.5,
      blockSize: 16,
      modelNames: [],
    });
  });

  it.each([
    [
      'sglang',
      'sglang:num_running_reqs{model_name="m"} 2\nsglang:num_queue_reqs{model_name="m"} 3\n' +
        'sglang:token_usage{model_name="m"} 0.1\nsglang:cache_config_info{page_size="64",num_pages="10"} 1\n',
      { blockSize: 64, blockCount: 10, modelNames: ['m'] },
    ],
    [
      'trtllm',
      'trtllm_num_requests_running 2\ntrtllm_num_requests_waiting 3\ntrtllm_kv_cache_utilization 0.1\n' +
        'trtllm_kv_cache_tokens_per_block 32\ntrtllm_kv_cache_max_blocks 500\n',
      { blockSize: 32, blockCount: 500, modelNames: [] },
    ],
    [
      'triton-trtllm',
      'nv_trt_llm_request_metrics{request_type="waiting"} 3\nnv_trt_llm_request_metrics{request_type="scheduled"} 2\n' +
        'nv_trt_llm_request_metrics{request_type="max"} 99\n' +
        'nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction"} 0.1\n' +
        'nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="tokens_per"} 32\n' +
        'nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max"} 500\n',
      { blockSize: 32, blockCount: 500, modelNames: [] },
    ],
  ] as const)('reads %s', (engine, text, rest) => {
    expect(parseEngineMetrics(text)).toEqual({ engine, waiting: 3, running: 2, kvUsage: 0.1, ...rest });
    expect(() => parseEngineMetrics(text, 'vllm')).toThrow('vllm:num_requests_waiting is missing');
  });

  it('reads what prom-client writes', async () => {
    const registry = new Registry();
    const labelNames = ['model_name'];
    const registers = [registry];
    for (const [name, value] of [
      ['vllm:num_requests_running', 5],
      ['vllm:num_requests_waiting', 6],
      ['vllm:kv_cache_usage_perc', 0.125],
    ] as const) {
      new Gauge({ name, help: 'h', labelNames, registers }).set({ model_name: 'a "b" \\ c' }, value);
    }
    new Counter({ name: 'vllm:prefix_cache_hits_total', help: 'h', registers }).inc(7);
    expect(parseEngineMetrics(await registry.metrics())).toEqual({
      engine: 'vllm',
      waiting: 6,
      running: 5,
      kvUsage: 0.125,
      modelNames: ['a "b" \\ c'],
      prefixHitTokens: 7,
    });
  });

  it.each([
    ['nothing', '', "no engine's metrics"],
    ['a web page', '<html>\n<body>vllm:num_requests_running</body></html>', "no engine's metrics"],
    ['other metrics', 'process_cpu_seconds_total 1\n', "no engine's metrics"],
    ['a missing figure', VLLM.replaceAll('kv_cache_usage_perc', 'other'), 'kv_cache_usage_perc is missing'],
    ['no number', VLLM.replace('} 3.0', '} many'), 'vllm:num_requests_running is [NaN, 4]'],
    ['NaN', VLLM.replace('} 0.25', '} NaN'), 'vllm:kv_cache_usage_perc is [NaN, 0.75]'],
    ['a negative number', VLLM.replace('} 1.0', '} -1'), 'vllm:num_requests_waiting is [-1, 0]'],
    ['a broken line', VLLM.replace('engine="0",', 'engine="0";'), 'no Prometheus text'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseEngineMetrics(text)).toThrow(
      expect.objectContaining({
        name: 'EngineHttpError',
        reason: 'malformed',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('scrapeEngine', () => {
  it('asks /metrics', async () => {
    const address = await serve((request, response) => {
      response.statusCode = request.url === '/metrics' ? 200 : 404;
      response.end(VLLM);
    });
    await expect(scrapeEngine(address)).resolves.toEqual(VLLM_FIGURES);
    await expect(scrapeEngine(`http://${address}`)).resolves.toEqual(VLLM_FIGURES);
    await expect(scrapeEngine(address, { path: '/other' })).rejects.toMatchObject({
      reason: 'status',
      message: `http://${address}/other answered 404; is it an engine's API?`,
    });
  });

  it('says why there is no answer', async () => {
    const silent = await serve(() => undefined);
    await expect(scrapeEngine(silent, { timeoutMs: 50 })).rejects.toMatchObject({
      reason: 'timeout',
      message: `http://${silent}/metrics did not answer within 50 ms`,
    });
    const halting = await serve((_, response) => {
      response.write('vllm:');
    });
    await expect(scrapeEngine(halting, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'timeout' });
    await expect(scrapeEngine(silent, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      reason: 'aborted',
    });
    await expect(scrapeEngine('127.0.0.1:1')).rejects.toMatchObject({ reason: 'unreachable' });
    await expect(scrapeEngine('not an address')).rejects.toMatchObject({ reason: 'bad-address' });
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('vllm:', () => response.destroy());
    });
    await expect(scrapeEngine(cut)).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('stops reading an answer without end', async () => {
    const endless = await serve((_, response) => {
      const chunk = Buffer.alloc(1 << 20, '#');
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    });
    await expect(scrapeEngine(endless)).rejects.toMatchObject({ reason: 'too-large' });
  });
});

describe('probeModels', () => {
  const answer = (body: unknown) =>
    serve((request, response) => {
      response.statusCode = request.url === '/v1/models' ? 200 : 404;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });

  it('tells base models and LoRA adapters apart', async () => {
    const address = await answer({
      object: 'list',
      data: [
        { id: 'base', object: 'model', root: 'Qwen/Qwen3-32B', parent: null, max_model_len: 131072 },
        { id: 'alias', object: 'model', root: 'Qwen/Qwen3-32B', parent: null, max_model_len: 131072 },
        { id: 'lora-a', object: 'model', root: '/adapters/a', parent: 'base', max_model_len: null },
      ],
    });
    await expect(probeModels(address)).resolves.toEqual({
      baseModel: 'base',
      baseNames: ['base', 'alias'],
      loras: [{ name: 'lora-a', parent: 'base', path: '/adapters/a' }],
      maxModelLen: 131072,
    });
  });

  it.each([
    ['no JSON', '<html>'],
    ['another shape', { models: [] }],
    ['no model', { data: [] }],
    ['no base model', { data: [{ id: 'a', parent: 'b' }] }],
    ['a model without a name', { data: [{ id: '' }] }],
    ['a length that is none', { data: [{ id: 'a', max_model_len: 'long' }] }],
  ])('refuses %s', async (_, body) => {
    const address = await answer(body);
    await expect(probeModels(address)).rejects.toMatchObject({
      name: 'EngineHttpError',
      reason: 'malformed',
      message: expect.stringContaining(`/v1/models of ${address} lists no base model`),
    });
  });
});
