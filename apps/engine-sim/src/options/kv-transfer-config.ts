import { z } from 'zod';

const count = z.int().min(1);
const locality = z.enum(['LOCAL', 'REMOTE']).optional();

const fsTier = z.strictObject({
  type: z.literal('fs'),
  root_dir: z.string().min(1).max(4_096),
  n_read_threads: count.optional(),
  n_write_threads: count.optional(),
  enable_kv_events: z.boolean().default(false),
  locality,
});
const objTier = z.strictObject({
  type: z.literal('obj'),
  store_config: z.looseObject({}),
  prefix: z.string().optional(),
  io_threads: count.optional(),
  enable_kv_events: z.boolean().default(false),
  locality,
});

const extraConfig = z.strictObject({
  spec_name: z.literal('TieringOffloadingSpec'),
  cpu_bytes_to_use: z.number().min(0).optional(),
  block_size: count.optional(),
  blocks_per_chunk: count.max(65_536).optional(),
  eviction_policy: z.enum(['lru', 'arc']).optional(),
  offload_prompt_only: z
    .literal(true, 'must be true: the simulator stores blocks of prompts only')
    .default(true),
  self_describing_kv_events: z
    .literal(false, 'must be false: the simulator announces files by hash only')
    .default(false),
  secondary_tiers: z.array(z.discriminatedUnion('type', [fsTier, objTier])).min(1),
});

/** vLLM's `--kv-transfer-config` for the OffloadingConnector with a TieringOffloadingSpec. */
const offloadingConfig = z.strictObject({
  kv_connector: z.literal('OffloadingConnector'),
  kv_role: z.literal('kv_both', 'must be kv_both: the engine stores and loads'),
  engine_id: z.string().optional(),
  kv_rank: z.unknown().optional(),
  kv_parallel_size: z.unknown().optional(),
  kv_buffer_device: z.unknown().optional(),
  kv_buffer_size: z.unknown().optional(),
  kv_ip: z.unknown().optional(),
  kv_port: z.unknown().optional(),
  kv_load_failure_policy: z.unknown().optional(),
  enable_permute_local_kv: z.unknown().optional(),
  kv_connector_extra_config: extraConfig,
});

/** Any connector's configuration. */
export const kvTransferConfig = z.looseObject({ kv_connector: z.string().nullish() });
export type KvTransferConfig = z.infer<typeof kvTransferConfig>;

export interface TieredFolders {
  readonly blocksPerChunk: number;
  /** In the order of lookup; the first is stored to. */
  readonly tiers: ReadonlyArray<{ readonly rootDir: string; readonly events: boolean }>;
}

/** What the simulator makes of a configuration: folders to offload to, what has no effect here, what is wrong. */
export interface TransferReading {
  readonly folders?: TieredFolders;
  readonly warnings: readonly string[];
  /** Each with the path of the field. */
  readonly errors: ReadonlyArray<{ readonly path: readonly string[]; readonly message: string }>;
}

/**
 * Reads `--kv-transfer-config`. Only file-system tiers of the OffloadingConnector's TieringOffloadingSpec do something
 * here; other connectors, specs and tiers are accepted as vLLM accepts them, and a warning says so.
 */
export function readKvTransferConfig(config: KvTransferConfig, blockSizeTokens: number): TransferReading {
  const nothing = (what: string): TransferReading => ({
    warnings: [`without effect here: --kv-transfer-config with ${what}`],
    errors: [],
  });
  if (config.kv_connector !== 'OffloadingConnector') {
    return nothing(config.kv_connector ? `kv_connector ${config.kv_connector}` : 'no kv_connector');
  }
  const spec = (config['kv_connector_extra_config'] as { spec_name?: unknown } | undefined)?.spec_name;
  if (spec !== 'TieringOffloadingSpec') {
    return nothing(`spec_name ${spec === undefined ? 'left out' : String(spec)}`);
  }
  const parsed = offloadingConfig.safeParse(config);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
    return { warnings: [], errors };
  }
  const extra = parsed.data.kv_connector_extra_config;
  const chunk = blocksPerChunk(extra, blockSizeTokens);
  if (typeof chunk === 'string') {
    return {
      warnings: [],
      errors: [{ path: ['kv_connector_extra_config', 'block_size'], message: chunk }],
    };
  }
  const fsTiers = extra.secondary_tiers.filter((tier) => tier.type === 'fs');
  if (fsTiers.length === 0) return nothing('no tier of type fs');
  const warnings: string[] = [];
  if (fsTiers.length < extra.secondary_tiers.length) {
    warnings.push(
      'without effect here: tiers of type obj in --kv-transfer-config; kv-node moves chunks to S3',
    );
  }
  if (extra.cpu_bytes_to_use !== undefined) {
    warnings.push(
      `without effect here: cpu_bytes_to_use in --kv-transfer-config; the CPU tier is the first fs tier, ${fsTiers[0]!.root_dir}`,
    );
  }
  const tiers = fsTiers.map((tier) => ({ rootDir: tier.root_dir, events: tier.enable_kv_events }));
  return { folders: { blocksPerChunk: chunk, tiers }, warnings, errors: [] };
}

/** Blocks of a chunk: as said, or as many as fill `block_size` tokens; a text when that does not fit. */
function blocksPerChunk(extra: z.infer<typeof extraConfig>, blockSizeTokens: number): number | string {
  const { block_size, blocks_per_chunk } = extra;
  if (block_size === undefined) return blocks_per_chunk ?? 1;
  if (blocks_per_chunk !== undefined) return 'give block_size or blocks_per_chunk, not both';
  if (block_size % blockSizeTokens !== 0) {
    return `must be a multiple of --block-size, ${blockSizeTokens} tokens, got ${block_size}`;
  }
  return block_size / blockSizeTokens;
}
