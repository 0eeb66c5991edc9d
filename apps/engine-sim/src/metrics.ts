import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Generation } from './engine/generation.js';
import type { EngineObserver, SimulatedEngine } from './engine/simulated-engine.js';
import type { StorageCounters } from './storage/storage-counters.js';

export interface EngineMetricsOptions {
  /** Label `model_name`: the first served name. */
  readonly modelName: string;
  readonly blockSize: number;
  readonly blockCount: number;
}

/** vLLM's bucket bounds. */
const TTFT = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
  2560,
];
const GAP = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const E2E = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/**
 * The metrics of one engine under vLLM's names; `penstock_engine_sim_*` are our own. Durations are virtual
 * seconds, as if the simulated GPU were there.
 */
export class EngineMetrics implements EngineObserver {
  readonly registry = new Registry();
  private readonly labels: { model_name: string; engine: string };
  private readonly ttft: Histogram;
  private readonly gap: Histogram;
  private readonly e2e: Histogram;
  private readonly promptLength: Histogram;
  private readonly answerLength: Histogram;
  private readonly promptTokens: Counter;
  private readonly generationTokens: Counter;
  private readonly success: Counter;

  constructor(
    private readonly options: EngineMetricsOptions,
    engine: () => SimulatedEngine,
  ) {
    this.labels = { model_name: options.modelName, engine: '0' };
    const labelNames = ['model_name', 'engine'];
    const registers = [this.registry];
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, buckets, labelNames, registers });
    const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
    this.ttft = histogram('vllm:time_to_first_token_seconds', 'Time from arrival to the first token.', TTFT);
    this.gap = histogram('vllm:inter_token_latency_seconds', 'Time between two tokens of a request.', GAP);
    this.e2e = histogram('vllm:e2e_request_latency_seconds', 'Time from arrival to the last token.', E2E);
    this.promptLength = histogram(
      'vllm:request_prompt_tokens',
      'Prompt tokens of finished requests.',
      TOKENS,
    );
    this.answerLength = histogram('vllm:request_generation_tokens', 'Tokens of finished answers.', TOKENS);
    this.promptTokens = counter(
      'vllm:prompt_tokens_total',
      'Prompt tokens of requests that got a first token.',
    );
    this.generationTokens = counter('vllm:generation_tokens_total', 'Tokens generated.');
    this.success = new Counter({
      name: 'vllm:request_success_total',
      help: 'Requests by how they ended.',
      labelNames: [...labelNames, 'finished_reason'],
      registers,
    });
    this.zeroCounters();
    this.readGauges(engine, labelNames);
    this.describeCache();
  }

  firstToken(ttftSeconds: number, promptTokens: number): void {
    this.ttft.observe(this.labels, ttftSeconds);
    this.promptTokens.inc(this.labels, promptTokens);
  }

  tokenGap(seconds: number): void {
    this.gap.observe(this.labels, seconds);
  }

  generated(tokens: number): void {
    this.generationTokens.inc(this.labels, tokens);
  }

  finished(request: Generation, e2eSeconds: number): void {
    this.success.inc({ ...this.labels, finished_reason: request.plan.finishReason });
    this.e2e.observe(this.labels, e2eSeconds);
    this.promptLength.observe(this.labels, request.promptTokens);
    this.answerLength.observe(this.labels, request.outputTokens);
  }

  aborted(): void {
    this.success.inc({ ...this.labels, finished_reason: 'abort' });
  }

  private zeroCounters(): void {
    this.promptTokens.inc(this.labels, 0);
    this.generationTokens.inc(this.labels, 0);
    for (const finished_reason of ['stop', 'length', 'abort']) {
      this.success.inc({ ...this.labels, finished_reason }, 0);
    }
    for (const histogram of [this.ttft, this.gap, this.e2e, this.promptLength, this.answerLength])
      histogram.zero(this.labels);
  }

  private readGauges(engine: () => SimulatedEngine, labelNames: string[]): void {
    const { labels } = this;
    const registers = [this.registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.set(labels, read());
        },
      });
    // Counted by the model: written as they are instead of being counted twice.
    const total = (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          this.inc(labels, read());
        },
      });
    gauge('vllm:num_requests_running', 'Requests in the batch.', () => engine().gauges().running);
    gauge('vllm:num_requests_waiting', 'Requests in the queue.', () => engine().gauges().waiting);
    gauge(
      'vllm:kv_cache_usage_perc',
      'Share of the KV blocks in use, 0 to 1.',
      () => engine().gauges().kvUsage,
    );
    total(
      'vllm:prefix_cache_queries_total',
      'Tokens looked up in the prefix cache.',
      () => engine().gauges().prefixCacheQueryTokens,
    );
    total(
      'vllm:prefix_cache_hits_total',
      'Tokens found in the prefix cache.',
      () => engine().gauges().prefixCacheHitTokens,
    );
    total(
      'vllm:num_preemptions_total',
      'Requests that lost their blocks and started again.',
      () => engine().gauges().preemptions,
    );
    total(
      'vllm:external_prefix_cache_queries_total',
      'Tokens not in the prefix cache that storage was asked for.',
      () => engine().gauges().externalQueryTokens,
    );
    total(
      'vllm:external_prefix_cache_hits_total',
      'Tokens loaded from storage.',
      () => engine().gauges().externalHitTokens,
    );
    total(
      'penstock_sim_refused_loads_total',
      'Admissions at which storage had blocks that were quicker to compute.',
      () => engine().gauges().loadsRefused,
    );
    gauge(
      'penstock_engine_sim_lag_seconds',
      'Virtual time by which the machine is behind the simulated engine.',
      () => engine().lagMs() / 1000,
    );
  }

  /** Adds what the engine's storage did; bytes and seconds are those of the simulated engine. */
  describeStorage(counters: StorageCounters): void {
    const { labels, registry } = this;
    const registers = [registry];
    const own = (name: string, help: string, read: () => number) =>
      new Counter({
        name: `penstock_sim_${name}_total`,
        help,
        labelNames: ['model_name', 'engine'],
        registers,
        collect() {
          this.reset();
          this.inc(labels, read());
        },
      });
    const transfers = (name: string, help: string, stored: () => number, loaded: () => number) =>
      new Counter({
        name: `vllm:kv_offload_total_${name}_total`,
        help,
        labelNames: ['model_name', 'engine', 'transfer_type'],
        registers,
        collect() {
          this.reset();
          this.inc({ ...labels, transfer_type: 'GPU_to_CPU' }, stored());
          this.inc({ ...labels, transfer_type: 'CPU_to_GPU' }, loaded());
        },
      });
    transfers(
      'bytes',
      'Bytes of KV cache stored and loaded.',
      () => counters.storedBytes,
      () => counters.loadedBytes,
    );
    transfers(
      'time',
      'Seconds of stores and loads.',
      () => counters.storeMs / 1000,
      () => counters.loadMs / 1000,
    );
    own('stored_chunks', 'Chunk files written.', () => counters.storedChunks);
    own('dropped_stores', 'Chunks not stored since too many were waiting.', () => counters.droppedStores);
    own('failed_stores', 'Chunks that the file system refused.', () => counters.failedStores);
    own('loaded_chunks', 'Chunk files read and found right.', () => counters.loadedChunks);
    own(
      'missing_chunks',
      'Chunk files that were gone between lookup and load.',
      () => counters.missingChunks,
    );
    own('short_chunks', 'Chunk files of another size than a chunk has.', () => counters.shortChunks);
    own('wrong_chunks', 'Chunk files with other bytes than were stored.', () => counters.wrongChunks);
  }

  private describeCache(): void {
    const { blockSize, blockCount } = this.options;
    const labels = {
      engine: '0',
      block_size: String(blockSize),
      num_gpu_blocks: String(blockCount),
      enable_prefix_caching: 'True',
      prefix_caching_hash_algo: 'sha256_cbor',
    };
    new Gauge({
      name: 'vllm:cache_config_info',
      help: 'Configuration of the KV cache.',
      labelNames: Object.keys(labels),
      registers: [this.registry],
    }).set(labels, 1);
  }
}
