import { describe, expect, it } from '@jest/globals';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { decodeEngineBatch } from '../src/kv-events/index.js';

const pack = (value: unknown) => encode(value, { useBigInt64: true, ignoreUndefined: true });
const eventsOf = (...events: unknown[]) => decodeEngineBatch(0, pack([1.5, events]));
const noTokens: number[] = [];

describe('Mooncake', () => {
  /** What its master sends, with the fields beside vLLM's or without them. */
  const event = (kind: 'stored' | 'removed' | 'cleared', legacy: boolean) => ({
    event_id: 7,
    timestamp: 1_700_000_000_250,
    event_type: kind,
    ...(legacy && {
      type: { stored: 'BlockStored', removed: 'BlockRemoved', cleared: 'AllBlocksCleared' }[kind],
    }),
    model_name: 'm',
    block_size: kind === 'cleared' ? null : 2,
    additional_salt: null,
    lora_name: null,
    tenant_id: 'tenant-a',
    backend_id: 'worker-0',
    medium: kind === 'cleared' ? null : 'disk',
    dp_rank: 1,
    ...(kind !== 'cleared' && {
      group_id: null,
      object_key: 'm@1@0@abc',
      seq_hashes: [2n ** 64n - 1n],
      ...(legacy && { block_hashes: [2n ** 64n - 1n] }),
      base_block_idx: null,
    }),
    ...(kind === 'stored' && {
      parent_hash: 5,
      token_ids: [1, 2],
      ...(legacy && { parent_block_hash: 5 }),
    }),
  });

  it.each([[true], [false]])('is read with vLLM’s names beside its own: %s', (legacy) => {
    const kinds = ['stored', 'removed', 'cleared'] as const;
    const payload = pack([1_700_000_000_250, kinds.map((kind) => event(kind, legacy)), 1]);
    expect(decodeEngineBatch(9, payload)).toEqual({
      batch: {
        sequence: 9,
        // It sends milliseconds where vLLM sends seconds.
        timestampMs: 1_700_000_000_250,
        rank: 1,
        events: [
          {
            type: 'stored',
            hashes: [2n ** 64n - 1n],
            parent: 5n,
            tokenIds: [1, 2],
            blockSize: 2,
            tier: 'ssd',
            tenant: 'tenant-a',
          },
          { type: 'removed', hashes: [2n ** 64n - 1n], tier: 'ssd' },
          { type: 'cleared' },
        ],
      },
      problems: {},
      removalsLost: false,
    });
  });

  it('may name no block, only an object', () => {
    const stored = { ...event('stored', true), seq_hashes: [], block_hashes: [], token_ids: null };
    const { batch, problems } = eventsOf({ ...stored, block_size: null, parent_hash: null });
    expect(batch?.events).toMatchObject([{ hashes: [], tokenIds: noTokens, blockSize: 0, tier: 'ssd' }]);
    expect(problems).toEqual({});
  });
});

describe('SGLang', () => {
  it('sends signed hashes, no fields after the medium, and the rank as attn_dp_rank', () => {
    const stored = ['BlockStored', [-2n], -3n, [1, 2], 2, null, 'CPU_PINNED'];
    const batch = { ts: 1.5, events: [stored, ['BlockRemoved', [-2n], 'EXTERNAL']], attn_dp_rank: 3 };
    expect(decodeEngineBatch(0, pack(batch))).toEqual({
      batch: {
        sequence: 0,
        timestampMs: 1500,
        rank: 3,
        events: [
          {
            type: 'stored',
            hashes: [2n ** 64n - 2n],
            parent: 2n ** 64n - 3n,
            tokenIds: [1, 2],
            blockSize: 2,
            tier: 'cpu',
          },
          { type: 'removed', hashes: [2n ** 64n - 2n], tier: 's3' },
        ],
      },
      problems: {},
      removalsLost: false,
    });
    expect(decodeEngineBatch(0, pack([1.5, [], 3])).batch?.rank).toBe(3);
  });

  it('has its salt where vLLM has the LoRA name, told apart by type', () => {
    const at7 = (value: unknown, parent: unknown) =>
      eventsOf(['BlockStored', [1, 2], parent, [1, 2], 1, null, 'GPU', value]).batch?.events[0];
    expect(at7({ cache_salt: 's' }, null)).toMatchObject({ extraKeys: [['s'], null], loraName: undefined });
    // The salt is in the first block of a prompt only.
    expect(at7({ cache_salt: 's' }, 9)).toMatchObject({ extraKeys: undefined });
    expect(at7('adapter', null)).toMatchObject({ loraName: 'adapter', extraKeys: undefined });
  });
});

describe('llm-d’s storage backend', () => {
  it.each([
    ['SHARED_STORAGE', 's3'],
    ['OBJECT_STORE', 's3'],
  ])('wraps events in bytes and begins at sequence 1 (%s)', (medium, tier) => {
    const event = pack(['BlockStored', [7n, 2n ** 63n], 0, [], 0, null, medium]);
    expect(decodeEngineBatch(1, pack([1.5, [event]]))).toEqual({
      batch: {
        sequence: 1,
        timestampMs: 1500,
        events: [
          { type: 'stored', hashes: [7n, 2n ** 63n], parent: null, tokenIds: noTokens, blockSize: 0, tier },
        ],
      },
      problems: {},
      removalsLost: false,
    });
  });
});

describe('AMD ATOM', () => {
  it('adds the position of the first token, and a medium to clear', () => {
    const stored = ['BlockStored', [1], null, [5], 1, null, 'GPU', null, null, 0, null, null, 64];
    const { batch, problems } = eventsOf(stored, ['AllBlocksCleared', 'GPU']);
    expect(batch?.events).toMatchObject([{ hashes: [1n], groupIdx: 0 }, { type: 'cleared' }]);
    expect(problems).toEqual({});
  });

  it('moves blocks between tiers: on the new one before they leave the old one', () => {
    const array = ['BlockTransferred', [1, 2], 'GPU', 'CPU', 0];
    const map = { type: 'BlockTransferred', block_hashes: [3], from_medium: 'CPU', to_medium: 'GPU' };
    const { batch, problems, removalsLost } = eventsOf(array, map);
    expect(batch?.events).toEqual([
      {
        type: 'stored',
        hashes: [1n, 2n],
        parent: null,
        tokenIds: noTokens,
        blockSize: 0,
        tier: 'cpu',
        groupIdx: 0,
      },
      { type: 'removed', hashes: [1n, 2n], tier: 'gpu', groupIdx: 0 },
      { type: 'stored', hashes: [3n], parent: null, tokenIds: noTokens, blockSize: 0, tier: 'gpu' },
      { type: 'removed', hashes: [3n], tier: 'cpu' },
    ]);
    expect({ problems, removalsLost }).toEqual({ problems: {}, removalsLost: false });
  });

  it('may send blocks to another engine, which is not a place of ours', () => {
    expect(eventsOf(['BlockTransferred', [1], 'GPU', 'REMOTE']).batch?.events).toEqual([
      { type: 'removed', hashes: [1n], tier: 'gpu' },
    ]);
  });
});

describe('vLLM’s maps', () => {
  const stored = { type: 'BlockStored', block_hashes: [1], token_ids: [5], block_size: 1 };

  it('say whether a tier is the engine’s own', () => {
    const { batch, problems } = eventsOf(
      { ...stored, locality: 'LOCAL' },
      { ...stored, locality: 'REMOTE', ownership: 'fs' },
      { type: 'BlockRemoved', block_hashes: [1], locality: 'REMOTE' },
      { ...stored, locality: 'NEARBY' },
    );
    expect(batch?.events.map((e) => (e.type === 'cleared' ? '' : e.locality))).toEqual([
      'local',
      'remote',
      'remote',
      undefined,
    ]);
    expect(problems).toEqual({});
  });

  it('say the attention kind and window of a hybrid model’s group', () => {
    const hybrid = { group_idx: 2, kv_cache_spec_kind: 'chunked_local_attention' };
    const { batch } = eventsOf({ ...stored, ...hybrid, kv_cache_spec_sliding_window: 1024 });
    expect(batch?.events).toMatchObject([
      { groupIdx: 2, specKind: 'chunked_local_attention', slidingWindow: 1024 },
    ]);
  });

  it('may have tokens of blocks that a group leaves out, when they name the group', () => {
    const sparse = { ...stored, token_ids: [4, 5, 6], extra_keys: [null, ['x'], null], lora_name: 'a' };
    const { batch } = eventsOf({ ...sparse, group_idx: 1 });
    expect(batch?.events).toMatchObject([
      { hashes: [1n], tokenIds: [4, 5, 6], groupIdx: 1, loraName: 'a', extraKeys: undefined },
    ]);
    expect(eventsOf(sparse)).toMatchObject({ batch: { events: [] }, problems: { 'token-count': 1 } });
  });

  it('are read in any order of fields, the tag last', () => {
    const { type, ...rest } = stored;
    expect(eventsOf({ ...rest, type }).batch?.events).toMatchObject([
      { type: 'stored', hashes: [1n], tokenIds: [5] },
    ]);
  });
});

describe('against the MessagePack library', () => {
  const hash = fc.oneof(
    fc.nat(),
    fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n),
    fc.uint8Array({ minLength: 8, maxLength: 64 }),
  );
  const token = fc.oneof(fc.nat(200), fc.nat(70_000), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const low64 = (value: unknown) =>
    value instanceof Uint8Array
      ? BigInt(`0x${Buffer.from(value.subarray(-8)).toString('hex')}`)
      : BigInt.asUintN(64, BigInt(value as number | bigint));

  it('reads the same hashes and tokens, whatever their width', () => {
    fc.assert(
      fc.property(
        fc.array(hash, { maxLength: 40 }),
        fc.nat({ max: 20 }),
        fc.infiniteStream(token),
        fc.boolean(),
        (hashes, blockSize, stream, asMap) => {
          const tokens = [...stream.take(hashes.length * blockSize)];
          const event = asMap
            ? { token_ids: tokens, block_size: blockSize, block_hashes: hashes, type: 'BlockStored' }
            : ['BlockStored', hashes, null, tokens, blockSize];
          const payload = pack([1, [event, 'no event', event]]);
          const read = decodeEngineBatch(0, payload);
          expect(read.problems).toEqual({ 'not-an-event': 1 });
          const [, [library]] = decode(payload, { useBigInt64: true }) as [number, [unknown]];
          const [asHashes, asTokens] = asMap
            ? [
                (library as { block_hashes: unknown[] }).block_hashes,
                (library as { token_ids: number[] }).token_ids,
              ]
            : [(library as unknown[][])[1] as unknown[], (library as unknown[][])[3] as number[]];
          const expected = { hashes: asHashes.map(low64), tokenIds: asTokens };
          expect(read.batch?.events).toMatchObject([expected, expected]);
        },
      ),
    );
  });
});
