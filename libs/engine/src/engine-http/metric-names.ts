/** Engines whose metrics we know. */
export type EngineKind = 'vllm' | 'sglang' | 'trtllm' | 'triton-trtllm';

/** Where a figure is: the value of a series (the first name that exists), or a label of one. */
export interface MetricPlace {
  /** Newest name first. */
  readonly names: readonly string[];
  /** Labels a series must have. */
  readonly where?: Readonly<Record<string, string>>;
  /** The figure is this label's text, not the series' value. */
  readonly label?: string;
}

export interface MetricNames {
  readonly waiting: MetricPlace;
  readonly running: MetricPlace;
  readonly kvUsage: MetricPlace;
  readonly blockSize: MetricPlace;
  readonly blockCount: MetricPlace;
  readonly prefixQueries?: MetricPlace;
  readonly prefixHits?: MetricPlace;
  readonly loraInfo?: string;
}

const value = (...names: string[]): MetricPlace => ({ names });
const label = (name: string, of: string): MetricPlace => ({ names: [name], label: of });
const where = (name: string, key: string, text: string): MetricPlace => ({
  names: [name],
  where: { [key]: text },
});

/** vLLM by its own source (0.33, with older names after), the others by the Gateway API model-server protocol. */
export const METRIC_NAMES: Readonly<Record<EngineKind, MetricNames>> = {
  vllm: {
    waiting: value('vllm:num_requests_waiting'),
    running: value('vllm:num_requests_running'),
    kvUsage: value('vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'),
    blockSize: label('vllm:cache_config_info', 'block_size'),
    blockCount: label('vllm:cache_config_info', 'num_gpu_blocks'),
    prefixQueries: value('vllm:prefix_cache_queries_total', 'vllm:gpu_prefix_cache_queries_total'),
    prefixHits: value('vllm:prefix_cache_hits_total', 'vllm:gpu_prefix_cache_hits_total'),
    loraInfo: 'vllm:lora_requests_info',
  },
  sglang: {
    waiting: value('sglang:num_queue_reqs'),
    running: value('sglang:num_running_reqs'),
    kvUsage: value('sglang:token_usage'),
    blockSize: label('sglang:cache_config_info', 'page_size'),
    blockCount: label('sglang:cache_config_info', 'num_pages'),
  },
  trtllm: {
    waiting: value('trtllm_num_requests_waiting'),
    running: value('trtllm_num_requests_running'),
    kvUsage: value('trtllm_kv_cache_utilization'),
    blockSize: value('trtllm_kv_cache_tokens_per_block'),
    blockCount: value('trtllm_kv_cache_max_blocks'),
  },
  'triton-trtllm': {
    waiting: where('nv_trt_llm_request_metrics', 'request_type', 'waiting'),
    running: where('nv_trt_llm_request_metrics', 'request_type', 'scheduled'),
    kvUsage: where('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'fraction'),
    blockSize: where('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'tokens_per'),
    blockCount: where('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'max'),
  },
};
