import type { FieldNote, TranslationSettings } from '../translation.js';

/** A volume, or a mount of one. */
interface NamedPart {
  readonly [field: string]: unknown;
  readonly name: string;
}

/** What engines need to keep KV blocks in the folders of their node. */
export interface EngineStorage {
  /** Part of `--kv-transfer-config`; undefined where blocks stay in GPU memory. */
  readonly connector: object | undefined;
  readonly args: readonly string[];
  readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly volumes: readonly NamedPart[];
  readonly volumeMounts: readonly NamedPart[];
  readonly notes: readonly FieldNote[];
}

type Settings = Pick<
  TranslationSettings,
  'tierCpuHostPath' | 'tierSsdHostPath' | 'tierChunkBlocks' | 'tierStagingBytes'
>;

/** Folders that a tier of a paved-road pool names. */
const TIERS: Readonly<Record<string, ReadonlyArray<'cpu' | 'ssd'>>> = {
  gpu: [],
  'gpu-cpu': ['cpu'],
  'gpu-cpu-ssd': ['cpu', 'ssd'],
};

/**
 * Engines store into the folder of the CPU tier and look into all, in order, with vLLM's TieringOffloadingSpec; kv-node
 * moves files between the folders. Files are named by hashes of blocks, so engines of a pool must hash alike.
 */
export function engineStorage(tier: string | undefined, settings: Settings): EngineStorage {
  const paths = { cpu: settings.tierCpuHostPath, ssd: settings.tierSsdHostPath };
  const wanted = Object.hasOwn(TIERS, tier ?? 'gpu') ? TIERS[tier ?? 'gpu'] : undefined;
  if (wanted === undefined) return inMemory(`${tier}: write ${Object.keys(TIERS).join(', ')}`);
  if (wanted.length === 0) return inMemory();
  const missing = wanted.find((name) => paths[name] === undefined);
  if (missing !== undefined) {
    const hint = `set --tier-${missing}-host-path of the gang-placer to the folder of kv-node`;
    return inMemory(
      `${tier}: KV blocks stay in GPU memory, as no folder of the ${missing} tier is known: ${hint}`,
    );
  }
  return {
    connector: {
      kv_connector: 'OffloadingConnector',
      kv_role: 'kv_both',
      kv_connector_extra_config: {
        spec_name: 'TieringOffloadingSpec',
        cpu_bytes_to_use: settings.tierStagingBytes,
        blocks_per_chunk: settings.tierChunkBlocks,
        secondary_tiers: wanted.map((name) => ({
          type: 'fs',
          root_dir: `/kv/${name}`,
          // What is announced is what engines write; moves are announced by kv-offload.
          enable_kv_events: name === 'cpu',
        })),
      },
    },
    args: ['--prefix-caching-hash-algo=sha256_cbor'],
    env: [{ name: 'PYTHONHASHSEED', value: '0' }],
    volumes: wanted.map((name) => ({
      name: `kv-${name}`,
      hostPath: { path: paths[name], type: 'DirectoryOrCreate' },
    })),
    volumeMounts: wanted.map((name) => ({ name: `kv-${name}`, mountPath: `/kv/${name}` })),
    notes: [],
  };
}

function inMemory(why?: string): EngineStorage {
  const notes = why === undefined ? [] : [{ field: 'spec.kvCache.tier', why }];
  return { connector: undefined, args: [], env: [], volumes: [], volumeMounts: [], notes };
}
