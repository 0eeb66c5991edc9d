import type { PlainJson } from './python-json.js';

/**
 * Fields that identify a layout: two engines share chunks when all are equal. Names as in vLLM's
 * `config.json`; fields of newer versions are kept as they are.
 */
export interface LayoutFields {
  readonly model_name: string;
  /** Tokens per engine block. */
  readonly tokens_per_hash: number;
  /** Engine blocks per chunk. */
  readonly blocks_per_file: number;
  readonly tp_size: number;
  readonly pp_size: number;
  readonly pcp_size: number;
  readonly dcp_size: number;
  readonly dtype: string;
  readonly kv_cache_groups: ReadonlyArray<{
    readonly tokens_per_block: number;
    readonly layer_names: readonly string[];
  }>;
  readonly inference_engine: string;
  readonly [field: string]: PlainJson;
}
