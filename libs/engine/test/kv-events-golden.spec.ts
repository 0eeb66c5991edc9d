import { describe, expect, it } from '@jest/globals';
import {
  decodeEngineBatch,
  encodeEngineBatch,
  type PublishedBatch,
  type PublishedStored,
} from '../src/kv-events/index.js';
import { DIGEST_A, DIGEST_B, VLLM_PAYLOADS } from './vllm-payloads.js';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const A = 12687895063098490012n;
const B = 1814341696565857452n;
const digestA = hex(DIGEST_A);
const digestB = hex(DIGEST_B);

const plainEvents = [
  {
    type: 'stored',
    hashes: [A, B],
    parent: null,
    tokenIds: [1, 2, 300, 70000],
    blockSize: 2,
    tier: 'gpu',
  },
  { type: 'removed', hashes: [B], tier: 'gpu' },
  { type: 'cleared' },
];
const fullEvents = [
  {
    type: 'stored',
    hashes: [B],
    parent: A,
    tokenIds: [5, 6],
    blockSize: 2,
    tier: 'cpu',
    loraName: 'lora-a',
    extraKeys: [['lora-a', ['img-1', 4], new Uint8Array([1, 2])]],
    groupIdx: 1,
    specKind: 'sliding_window',
    slidingWindow: 128,
  },
  { type: 'removed', hashes: [B], tier: 'cpu', groupIdx: 1 },
];
const plainBatch: PublishedBatch = {
  timestampMs: 1_700_000_000_250,
  rank: 0,
  events: [
    {
      type: 'stored',
      hashes: [digestA, digestB],
      parent: null,
      tokenIds: [1, 2, 300, 70000],
      blockSize: 2,
    },
    { type: 'removed', hashes: [digestB] },
    { type: 'cleared' },
  ],
};
const fullBatch: PublishedBatch = {
  timestampMs: 1_700_000_000_250,
  rank: 3,
  events: [
    {
      type: 'stored',
      hashes: [digestB],
      parent: digestA,
      tokenIds: [5, 6],
      blockSize: 2,
      medium: 'CPU',
      loraId: 7,
      loraName: 'lora-a',
      extraKeys: [['lora-a', ['img-1', 4], Uint8Array.of(1, 2)]],
      groupIdx: 1,
      specKind: 'sliding_window',
      slidingWindow: 128,
    },
    { type: 'removed', hashes: [digestB], medium: 'CPU', groupIdx: 1 },
  ],
};

describe('decoding what vLLM writes', () => {
  it.each([
    ['0.11.2 bytes'],
    ['0.11.2 int'],
    ['0.22.0 bytes'],
    ['0.22.0 int'],
    ['0.26.0 bytes'],
    ['0.26.0 int'],
    ['0.33.0 bytes'],
    ['0.33.0 int'],
  ] as const)('reads %s', (name) => {
    expect(decodeEngineBatch(7, hex(VLLM_PAYLOADS[name]))).toEqual({
      batch: { sequence: 7, timestampMs: 1_700_000_000_250, rank: 0, events: plainEvents },
      problems: {},
      removalsLost: false,
    });
  });

  it.each([['0.22.0 full'], ['0.26.0 full'], ['0.33.0 full']] as const)('reads %s', (name) => {
    // What only the newest layout says.
    const events = fullEvents.map((event, i) => ({
      ...event,
      ...(name === '0.33.0 full' && i === 0 && { locality: 'local' }),
    }));
    expect(decodeEngineBatch(0, hex(VLLM_PAYLOADS[name]))).toEqual({
      batch: { sequence: 0, timestampMs: 1_700_000_000_250, rank: 3, events },
      problems: {},
      removalsLost: false,
    });
  });

  it.each([['0.22.0 norank'], ['0.26.0 norank']] as const)('reads %s', (name) => {
    const { batch } = decodeEngineBatch(0, hex(VLLM_PAYLOADS[name]));
    expect(batch?.rank).toBeUndefined();
    expect(batch?.events).toEqual([{ type: 'cleared' }]);
  });
});

describe('encoding what vLLM writes', () => {
  it.each([
    ['0.22.0 bytes', plainBatch, 'array', 'bytes'],
    ['0.22.0 int', plainBatch, 'array', 'int'],
    ['0.22.0 full', fullBatch, 'array', 'bytes'],
    ['0.26.0 bytes', plainBatch, 'map', 'bytes'],
    ['0.26.0 int', plainBatch, 'map', 'int'],
    ['0.26.0 full', fullBatch, 'map', 'bytes'],
    ['0.26.0 norank', { timestampMs: 1_700_000_000_250, events: [{ type: 'cleared' }] }, 'map', 'bytes'],
  ] as const)('writes %s byte for byte', (name, batch, layout, hashes) => {
    const payload = encodeEngineBatch(batch, { layout, hashes });
    expect(payload.toString('hex')).toBe(VLLM_PAYLOADS[name]);
  });

  it('writes a whole second as a float', () => {
    const payload = encodeEngineBatch({ timestampMs: 5000, rank: 0, events: [] });
    expect(payload).toEqual(hex('93 cb4014000000000000 90 00'));
  });

  it('gives back what it was given', () => {
    const stored = fullBatch.events[0] as PublishedStored;
    for (const layout of ['array', 'map'] as const) {
      const { batch } = decodeEngineBatch(1, encodeEngineBatch(fullBatch, { layout }));
      expect(batch?.events[0]).toMatchObject({ blockSize: stored.blockSize, hashes: [B], parent: A });
    }
  });
});

// Bytes written out by hand: layouts no vLLM release at hand writes.
describe('other layouts', () => {
  const ts = 'cb41d954fc40100000';
  const clearedArray = '91 b0416c6c426c6f636b73436c6561726564';
  const clearedMap = '81 a474797065 b0416c6c426c6f636b73436c6561726564';

  it('reads arrays and maps mixed in one batch, and a batch of two elements', () => {
    const { batch, problems } = decodeEngineBatch(3, hex(`92 ${ts} 92 ${clearedArray} ${clearedMap}`));
    expect(batch).toEqual({
      sequence: 3,
      timestampMs: 1_700_000_000_250,
      rank: undefined,
      events: [{ type: 'cleared' }, { type: 'cleared' }],
    });
    expect(problems).toEqual({});
  });

  it('reads the batch itself as a map', () => {
    const map = `83 a27473 ${ts} a66576656e7473 91 ${clearedMap} b2646174615f706172616c6c656c5f72616e6b 02`;
    expect(decodeEngineBatch(3, hex(map)).batch).toEqual({
      sequence: 3,
      timestampMs: 1_700_000_000_250,
      rank: 2,
      events: [{ type: 'cleared' }],
    });
  });

  it('reads signed hashes by two’s complement, small and large', () => {
    // BlockRemoved [-1 (negative fixint), int64 min, 0, uint64 max] without a medium: SGLang's old arrays.
    const removed = '92 ac426c6f636b52656d6f766564 94 ff d38000000000000000 00 cfffffffffffffffff';
    expect(decodeEngineBatch(0, hex(`92 ${ts} 91 ${removed}`)).batch?.events).toEqual([
      {
        type: 'removed',
        hashes: [0xffffffffffffffffn, 0x8000000000000000n, 0n, 0xffffffffffffffffn],
        tier: 'gpu',
      },
    ]);
  });

  it('reads SGLang’s salt where vLLM has the LoRA name', () => {
    // BlockStored [5], parent nil, tokens [9], block size 1, lora nil, CPU_PINNED, {cache_salt: "s"}
    const stored =
      '98 ab426c6f636b53746f726564 91 05 c0 91 09 01 c0 aa4350555f50494e4e4544 81 aa63616368655f73616c74 a173';
    expect(decodeEngineBatch(0, hex(`92 ${ts} 91 ${stored}`))).toEqual({
      batch: {
        sequence: 0,
        timestampMs: 1_700_000_000_250,
        events: [
          {
            type: 'stored',
            hashes: [5n],
            parent: null,
            tokenIds: [9],
            blockSize: 1,
            tier: 'cpu',
            extraKeys: [['s']],
          },
        ],
      },
      problems: {},
      removalsLost: false,
    });
  });

  it('reads events wrapped in bytes, parent 0 and block size 0 (llm-d’s storage backend)', () => {
    // bin8 of 32 bytes: BlockStored [5], parent 0, no tokens, block size 0, lora nil, OBJECT_STORE
    const stored = '97 ab426c6f636b53746f726564 91 05 00 90 00 c0 ac4f424a4543545f53544f5245';
    expect(decodeEngineBatch(1, hex(`92 ${ts} 91 c420 ${stored}`))).toEqual({
      batch: {
        sequence: 1,
        timestampMs: 1_700_000_000_250,
        events: [
          {
            type: 'stored',
            hashes: [5n],
            parent: null,
            tokenIds: [],
            blockSize: 0,
            tier: 's3',
          },
        ],
      },
      problems: {},
      removalsLost: false,
    });
  });

  it.each([
    ['array', 'bytes'],
    ['map', 'bytes'],
    ['array', 'int'],
    ['map', 'int'],
  ] as const)('reads which file a storage tier wrote (%s, %s)', (layout, hashes) => {
    const place = {
      type: 'stored',
      hashes: [digestA, digestB],
      parent: null,
      tokenIds: [],
      blockSize: 0,
    } as const;
    const events = ['STORAGE', 'CPU'].map((medium) => ({ ...place, medium }));
    const payload = encodeEngineBatch({ timestampMs: 0, rank: 0, events }, { layout, hashes });
    const [onStorage, onCpu] = decodeEngineBatch(0, payload).batch?.events ?? [];
    const fileDigest = hashes === 'bytes' ? Uint8Array.from(digestB) : null;
    expect(onStorage).toMatchObject({ tier: 's3', tokenIds: [], fileDigest });
    expect(onCpu).not.toHaveProperty('fileDigest');
    // Not a window on the message, which would keep all of it in memory.
    if (onStorage?.type === 'stored' && onStorage.fileDigest)
      expect(onStorage.fileDigest.buffer.byteLength).toBe(digestB.length);
  });
});
