import { describe, expect, it } from '@jest/globals';
import { bindAddress, isDialled, kvEventsConfig } from './kv-events-config.js';
import { parseOptions } from './parse-options.js';

const optionsOf = (args: string[], env: NodeJS.ProcessEnv = {}) => {
  const parsed = parseOptions(args, env);
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
};
const errorsOf = (args: string[]) => {
  const parsed = parseOptions(args, {});
  if (!('errors' in parsed)) throw new Error('accepted');
  return parsed.errors;
};

describe('parseOptions', () => {
  it('has the documented defaults', () => {
    expect(optionsOf([])).toEqual({
      model: 'Qwen/Qwen3-32B',
      servedModelNames: ['Qwen/Qwen3-32B'],
      host: '127.0.0.1',
      port: 8000,
      maxModelLenTokens: 131_072,
      blockSizeTokens: 16,
      maxSequences: 256,
      maxBatchedTokens: 8_192,
      seed: 0,
      gpu: 'h100',
      timedAs: 'Qwen3-32B',
      dtype: 'bf16',
      tensorParallel: 2,
      speed: 1,
      eventFormat: 'map',
      failures: { latencyMs: 0, errorRate: 0, errorStatus: 500, hang: 'no', cutRate: 0, crash: false },
      debug: true,
    });
  });

  it('reads flags, JSON flags with vLLM defaults, and the hash seed from the environment', () => {
    const options = optionsOf(
      [
        '--served-model-name',
        'a',
        'b',
        '--port=0',
        '--sim-speed',
        '10.5',
        '--no-sim-debug',
        '--kv-events-config',
        '{"enable_kv_cache_events":true,"replay_endpoint":"tcp://*:5558"}',
        '--sim-failures',
        '{"errorRate":0.5}',
      ],
      { PYTHONHASHSEED: '42' },
    );
    expect(options).toMatchObject({
      servedModelNames: ['a', 'b'],
      port: 0,
      speed: 10.5,
      debug: false,
      hashSeed: '42',
      kvEvents: {
        endpoint: 'tcp://*:5557',
        replay_endpoint: 'tcp://*:5558',
        buffer_steps: 10_000,
        hwm: 100_000,
        topic: '',
      },
      failures: { errorRate: 0.5, errorStatus: 500 },
    });
  });

  it('publishes nothing when the config does not enable it', () => {
    expect(optionsOf(['--kv-events-config', '{}']).kvEvents).toBeUndefined();
  });

  it('reports every mistake at once', () => {
    const errors = errorsOf([
      '--port',
      '70000',
      '--max-num-seqs',
      'many',
      '--sim-speed',
      '0',
      '--kv-events-config',
      '{"endpont":"tcp://*:1"}',
      '--sim-failures',
      'not json',
      '--prefix-caching-hash-algo',
      'sha256',
      '--tensor-paralel',
      '2',
    ]);
    for (const name of [
      'port',
      'max-num-seqs',
      'sim-speed',
      'kv-events-config',
      'sim-failures',
      'hash-algo',
      'paralel',
    ]) {
      expect(errors.join('\n')).toContain(name);
    }
  });

  it.each([
    [['--port', '-1']],
    [['--port', '1.5']],
    [['--port', '']],
    [['--host']],
    [['--max-model-len', 'NaN']],
    [['--sim-event-format', 'xml']],
    [['--kv-events-config', '{"enable_kv_cache_events":true,"endpoint":"ipc:///tmp/x"}']],
    [['--sim-failures', '{"errorRate":2}']],
    [['one', 'two']],
    [['--tensor-parallel-size', 'all']],
    [['--sim-tp', '3']],
    [['--sim-dtype', 'fp4']],
    [['--sim-sped', '10']],
  ])('refuses %j', (args) => {
    expect(errorsOf(args).length).toBeGreaterThan(0);
  });

  it('reports flags that do not fit together', () => {
    const errors = errorsOf([
      '--sim-gpu',
      'abacus',
      '--max-num-seqs',
      '300',
      '--max-num-batched-tokens',
      '100',
    ]);
    expect(errors).toEqual([
      expect.stringMatching(/abacus.*h100/),
      expect.stringMatching(/at least .* 300, got 100/),
    ]);
  });

  it('takes what containers of vLLM and Dynamo are started with, and says what has no effect', () => {
    const decode = optionsOf(
      [
        '--kv-transfer-config={"kv_connector":"NixlConnector","kv_role":"kv_consumer"}',
        ...['--dtype=fp8', '--gpu-memory-utilization=0.92', '--max-model-len=32768', '--host', '127.0.0.7'],
      ],
      { VLLM_MODEL: 'meta-llama/Llama-3.1-70B-Instruct', DYN_ROUTER_MODE: 'kv' },
    );
    expect(decode).toMatchObject({
      model: 'meta-llama/Llama-3.1-70B-Instruct',
      servedModelNames: ['meta-llama/Llama-3.1-70B-Instruct'],
      timedAs: 'Llama-3.1-70B',
      dtype: 'fp8',
      tensorParallel: 2,
      maxModelLenTokens: 32_768,
      host: '127.0.0.7',
      port: 8000,
    });
    expect(decode.kvEvents).toBeUndefined();
    const prefill = parseOptions(
      [
        'python3',
        '-m',
        'dynamo.vllm',
        '--model',
        'Qwen/Qwen3-0.6B',
        '--is-prefill-worker',
        '--host',
        '127.0.0.8',
      ],
      {},
    );
    expect(prefill).toMatchObject({
      options: { model: 'Qwen/Qwen3-0.6B', timedAs: 'Llama-3.1-8B', host: '127.0.0.8' },
      warnings: [
        'not calibrated, timed as the nearest: model Qwen/Qwen3-0.6B as Llama-3.1-8B',
        'without effect here: --is-prefill-worker',
      ],
    });
  });

  it('prefers --model to an argument, and that to the environment', () => {
    const env = { VLLM_MODEL: 'c' };
    expect(optionsOf(['b', '--model', 'a'], env).model).toBe('a');
    expect(optionsOf(['b', '--enforce-eager', '--port', '1'], env).model).toBe('b');
    expect(optionsOf([], env).model).toBe('c');
    expect(optionsOf([], { VLLM_MODEL: '' }).model).toBe('Qwen/Qwen3-32B');
  });

  it('times what vLLM flags ask for as the nearest, and what --sim flags ask for exactly', () => {
    expect(parseOptions(['--tensor-parallel-size', '8'], {})).toMatchObject({
      options: { tensorParallel: 2 },
      warnings: [expect.stringContaining('tensor parallelism 8 as 2')],
    });
    expect(optionsOf(['-tp', '1', '--sim-tp', '2']).tensorParallel).toBe(2);
    expect(optionsOf(['-tp=1']).tensorParallel).toBe(1);
    expect(optionsOf(['--quantization', 'fp8']).dtype).toBe('fp8');
    expect(errorsOf(['--sim-tp', '8'])).toEqual([
      expect.stringMatching(/no engine profile.*tp 8; choose one of/),
    ]);
  });

  it('prints help', () => {
    const parsed = parseOptions(['--help'], {});
    expect(parsed).toMatchObject({ help: expect.stringContaining('--max-num-batched-tokens') });
  });
});

describe('bindAddress', () => {
  it('puts the host in place of the star only', () => {
    expect(bindAddress('tcp://*:5557', '127.0.0.9')).toBe('tcp://127.0.0.9:5557');
    expect(bindAddress('tcp://*:5557', '::1')).toBe('tcp://[::1]:5557');
    expect(bindAddress('tcp://10.0.0.1:5557', '127.0.0.9')).toBe('tcp://10.0.0.1:5557');
  });
});

it.each([
  ['tcp://*:5557', false],
  ['tcp://[::]:5557', false],
  ['tcp://127.0.0.1:5557', true],
  ['tcp://kv-index:5557', true],
])('%s is dialled, as by vLLM: %s', (endpoint, dialled) => {
  expect(isDialled(kvEventsConfig.parse({ endpoint }))).toBe(dialled);
});
