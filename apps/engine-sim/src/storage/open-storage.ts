import type { EngineProfile } from '@penstock/core/engine-model';
import { type LayoutFields, writeLayoutConfig } from '@penstock/engine';
import type { CacheEventFeed } from '../engine/cache-event-feed.js';
import type { EngineSimOptions, StorageOptions } from '../options/options.js';
import { FileStorage } from './file-storage.js';
import { StorageCounters } from './storage-counters.js';

/**
 * Opens the folders that an engine offloads to and writes their `config.json`. Throws with the folder in the message
 * when one cannot be used.
 */
export async function openStorage(
  storage: StorageOptions,
  options: EngineSimOptions,
  profile: EngineProfile,
  feed: CacheEventFeed | undefined,
  onError: (error: unknown) => void,
): Promise<FileStorage> {
  const { blocksPerChunk, bytesPerBlock, tiers } = storage;
  const fields = layoutOf(storage, options);
  let digest = '';
  for (const { rootDir } of tiers) {
    try {
      digest = await writeLayoutConfig(rootDir, fields);
    } catch (error) {
      throw new Error(
        `--kv-transfer-config: root_dir ${rootDir} cannot be used: ${(error as Error).message}; give a folder that the engine may write to`,
        { cause: error },
      );
    }
  }
  return new FileStorage({
    tiers,
    blocksPerChunk,
    bytesPerBlock,
    trueBytesPerChunk: profile.kvBytesPerToken * options.blockSizeTokens * blocksPerChunk,
    model: options.model,
    digest,
    counters: new StorageCounters(),
    ...(feed && tiers[0]!.events && { feed }),
    onError,
  });
}

/**
 * What engines must agree on to share chunks. The simulated layer says how large its blocks are: files of other sizes
 * are another layout. Rank 0 holds what all ranks of a real engine would.
 */
function layoutOf(
  { blocksPerChunk, bytesPerBlock }: StorageOptions,
  options: EngineSimOptions,
): LayoutFields {
  const layer = `simulated.${bytesPerBlock}_bytes`;
  return {
    model_name: options.model,
    tokens_per_hash: options.blockSizeTokens,
    blocks_per_file: blocksPerChunk,
    tp_size: options.tensorParallel,
    pp_size: 1,
    pcp_size: 1,
    dcp_size: 1,
    dtype: 'torch.bfloat16',
    kv_cache_groups: [{ tokens_per_block: options.blockSizeTokens, layer_names: [layer] }],
    inference_engine: 'vllm',
  };
}
