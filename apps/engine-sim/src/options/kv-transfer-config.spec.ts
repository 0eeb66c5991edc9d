import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './parse-options.js';

const extra = {
  spec_name: 'TieringOffloadingSpec',
  secondary_tiers: [{ type: 'fs', root_dir: '/cpu', enable_kv_events: true }],
};
const config = (more: object = {}, moreExtra: object = {}) => ({
  kv_connector: 'OffloadingConnector',
  kv_role: 'kv_both',
  kv_connector_extra_config: { ...extra, ...moreExtra },
  ...more,
});
const parse = (value: unknown, ...args: string[]) =>
  parseOptions(
    ['--kv-transfer-config', typeof value === 'string' ? value : JSON.stringify(value), ...args],
    {},
  );
const accepted = (value: unknown, ...args: string[]) => {
  const parsed = parse(value, ...args);
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed;
};
const errorsOf = (value: unknown, ...args: string[]) => {
  const parsed = parse(value, ...args);
  if (!('errors' in parsed)) throw new Error('accepted');
  return parsed.errors;
};

describe('--kv-transfer-config', () => {
  it('names the folders, in order, and how fast they are', () => {
    const tiers = [...extra.secondary_tiers, { type: 'fs', root_dir: '/ssd', n_read_threads: 16 }];
    const { options, warnings } = accepted(
      config({}, { blocks_per_chunk: 32, secondary_tiers: tiers }),
      '--sim-bytes-per-block=512',
      '--sim-tier-links',
      '[{"gigabytesPerSecond":40,"latencyMs":1}]',
    );
    expect(warnings).toEqual([]);
    expect(options.storage).toEqual({
      blocksPerChunk: 32,
      bytesPerBlock: 512,
      tiers: [
        { rootDir: '/cpu', events: true, link: { bytesPerSecond: 40e9, latencyMs: 1 } },
        { rootDir: '/ssd', events: false, link: { bytesPerSecond: 3e9, latencyMs: 0.2 } },
      ],
    });
  });

  it('has vLLM’s chunk of one block, and takes it in tokens', () => {
    expect(accepted(config()).options.storage).toMatchObject({ blocksPerChunk: 1, bytesPerBlock: 4_096 });
    expect(accepted(config({}, { block_size: 64 })).options.storage).toMatchObject({ blocksPerChunk: 4 });
  });

  it.each([
    [{ kv_connector: 'NixlConnector', kv_role: 'kv_both', anything: [1] }, 'kv_connector NixlConnector'],
    [{ kv_role: 'kv_both' }, 'no kv_connector'],
    [config({}, { spec_name: 'CPUOffloadingSpec' }), 'spec_name CPUOffloadingSpec'],
    [{ kv_connector: 'OffloadingConnector' }, 'spec_name left out'],
    [config({}, { secondary_tiers: [{ type: 'obj', store_config: { bucket: 'b' } }] }), 'no tier of type fs'],
  ])('accepts without effect what it does not simulate (%#)', (value, what) => {
    const { options, warnings } = accepted(value);
    expect(options.storage).toBeUndefined();
    expect(warnings).toEqual([`without effect here: --kv-transfer-config with ${what}`]);
  });

  it('says which parts have no effect', () => {
    const obj = { type: 'obj', store_config: { bucket: 'b' } };
    const { options, warnings } = accepted(
      config({}, { cpu_bytes_to_use: 1e9, secondary_tiers: [...extra.secondary_tiers, obj] }),
    );
    expect(options.storage?.tiers).toHaveLength(1);
    expect(warnings).toEqual([
      expect.stringContaining('tiers of type obj'),
      expect.stringContaining(
        'cpu_bytes_to_use in --kv-transfer-config; the CPU tier is the first fs tier, /cpu',
      ),
    ]);
  });

  it.each([
    ['{"kv_connector"', '--kv-transfer-config: must be JSON'],
    ['[]', '--kv-transfer-config: Invalid input'],
    [config({ kv_role: 'kv_producer' }), '--kv-transfer-config (kv_role): must be kv_both'],
    [config({ kv_rol: 1 }), '--kv-transfer-config: Unrecognized key: "kv_rol"'],
    [config({}, { blocks_per_chunk: 0 }), '(kv_connector_extra_config.blocks_per_chunk): Too small'],
    [
      config({}, { block_size: 40 }),
      '(kv_connector_extra_config.block_size): must be a multiple of --block-size, 16',
    ],
    [config({}, { block_size: 32, blocks_per_chunk: 2 }), 'give block_size or blocks_per_chunk, not both'],
    [config({}, { offload_prompt_only: false }), 'offload_prompt_only): must be true'],
    [config({}, { self_describing_kv_events: true }), 'self_describing_kv_events): must be false'],
    [config({}, { secondary_tiers: [] }), 'secondary_tiers): Too small'],
    [config({}, { secondary_tiers: [{ type: 'fs' }] }), 'secondary_tiers.0.root_dir): Invalid input'],
    [
      config({}, { secondary_tiers: [{ type: 'gds' }] }),
      "secondary_tiers.0.type): Invalid discriminator value. Expected 'fs' | 'obj'",
    ],
    [config({}, { evict: 'lru' }), 'kv_connector_extra_config): Unrecognized key: "evict"'],
  ])('refuses mistakes, saying where (%#)', (value, message) => {
    expect(errorsOf(value)).toEqual([expect.stringContaining(message)]);
  });

  it('refuses links without a tier, and sizes that are none', () => {
    expect(
      errorsOf(
        config(),
        '--sim-tier-links',
        '[{"gigabytesPerSecond":1,"latencyMs":0},{"gigabytesPerSecond":1,"latencyMs":0}]',
      ),
    ).toEqual(['--sim-tier-links: 2 links for 1 tiers of type fs in --kv-transfer-config']);
    expect(errorsOf(config(), '--sim-tier-links', '[{"gigabytesPerSecond":0,"latencyMs":0}]')).toEqual([
      expect.stringContaining('--sim-tier-links (0.gigabytesPerSecond)'),
    ]);
    expect(errorsOf(config(), '--sim-bytes-per-block', '0')).toEqual([
      expect.stringContaining('--sim-bytes-per-block'),
    ]);
  });
});
