import { describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { DEFAULT_MESSAGE_LIMITS, decodeEngineBatch } from '../src/kv-events/index.js';
import { messagePackProblem } from '../src/kv-events/message-pack-guard.js';
import { VLLM_PAYLOADS } from './vllm-payloads.js';

const batchOf = (...events: unknown[]) => encode([1.5, events, 0], { useBigInt64: true });
const cleared = ['AllBlocksCleared'];
const stored = (change: Record<string, unknown> = {}) => ({
  type: 'BlockStored',
  block_hashes: [1, 2],
  parent_block_hash: null,
  token_ids: [1, 2, 3, 4],
  block_size: 2,
  lora_id: null,
  medium: 'GPU',
  lora_name: null,
  ...change,
});

describe('one bad event does not cost the batch', () => {
  it.each([
    ['not-an-event', 5, true],
    ['not-an-event', [], true],
    ['not-an-event', { no: 'tag' }, true],
    ['not-an-event', Uint8Array.of(0xc1), true],
    ['not-an-event', [7, 'BlockRemoved'], true],
    ['not-an-event', { type: 7 }, true],
    ['not-an-event', Uint8Array.of(0x93, 0xc1), true],
    ['unknown-event', ['BlockPinned', [1], 'GPU'], false],
    ['unknown-event', { type: 'BlockPinned', seconds: 5 }, false],
    ['bad-hash', stored({ block_hashes: 'abc' }), false],
    ['bad-hash', stored({ block_hashes: [1, 1.5] }), false],
    ['bad-hash', stored({ block_hashes: [1, new Uint8Array(7)] }), false],
    ['bad-hash', stored({ block_hashes: [1, null] }), false],
    ['bad-hash', stored({ block_hashes: [1, new Uint8Array(65)] }), false],
    ['bad-hash', stored({ block_hashes: [1, new Uint8Array(300)] }), false],
    ['bad-hash', stored({ block_hashes: undefined }), false],
    ['bad-hash', stored({ parent_block_hash: 'abc' }), false],
    ['bad-hash', ['BlockRemoved', null, 'GPU'], true],
    ['bad-hash', { type: 'BlockRemoved' }, true],
    ['bad-hash', ['BlockTransferred', 'x', 'GPU', 'CPU'], true],
    ['bad-block-size', stored({ block_size: -2 }), false],
    ['bad-block-size', stored({ block_size: 'two' }), false],
    ['bad-tokens', stored({ token_ids: [1, 2, 3, -4] }), false],
    ['bad-tokens', stored({ token_ids: [1, 2, 3, 2 ** 32] }), false],
    ['bad-tokens', stored({ token_ids: [1, 2, 3, 1.5] }), false],
    ['bad-tokens', stored({ token_ids: [1, 2, 3, 2n ** 40n] }), false],
    ['bad-tokens', stored({ token_ids: [1, [2, 3], 3, 4] }), false],
    ['bad-tokens', stored({ token_ids: 'text' }), false],
    ['token-count', stored({ token_ids: [1, 2, 3] }), false],
    ['token-count', stored({ block_size: 0 }), false],
    ['bad-lora', stored({ lora_name: 5 }), false],
    ['bad-lora', stored({ lora_id: 'a' }), false],
    ['bad-extra-keys', stored({ extra_keys: [null] }), false],
    ['bad-extra-keys', stored({ extra_keys: [null, { a: 1 }] }), false],
    ['bad-extra-keys', stored({ extra_keys: [null, [{ a: 1 }]] }), false],
    ['bad-lora', stored({ lora_name: { __proto__: null, other: 1 } }), false],
    ['bad-group', stored({ group_idx: -1 }), false],
    ['bad-group', stored({ kv_cache_spec_sliding_window: 'x' }), false],
    ['bad-group', ['BlockRemoved', [1], 'GPU', 'x'], true],
  ])('%s %#', (problem, event, removalsLost) => {
    expect(decodeEngineBatch(4, batchOf(cleared, event, cleared))).toEqual({
      batch: {
        sequence: 4,
        timestampMs: 1500,
        rank: 0,
        events: [{ type: 'cleared' }, { type: 'cleared' }],
      },
      problems: { [problem]: 1 },
      removalsLost,
    });
  });

  it('keeps the good hashes of a removal and says that others were lost', () => {
    const decoded = decodeEngineBatch(0, batchOf(['BlockRemoved', [1, 'x', 2]]));
    expect(decoded.batch?.events).toEqual([{ type: 'removed', hashes: [1n, 2n], tier: 'gpu' }]);
    expect(decoded.problems).toEqual({ 'bad-hash': 1 });
    expect(decoded.removalsLost).toBe(true);
  });

  it.each([
    ['a number', ['BlockRemoved', [1], 3]],
    ['a list', { type: 'BlockRemoved', block_hashes: [1], medium: ['GPU'] }],
  ])('says that a removal was lost where its medium is %s', (_what, event) => {
    const decoded = decodeEngineBatch(0, batchOf(event));
    expect(decoded.problems).toEqual({ 'unknown-medium': 1 });
    expect(decoded.removalsLost).toBe(true);
  });

  it('ignores and counts fields it does not know', () => {
    const array = ['AllBlocksCleared', null, 'surprise'];
    const map = { type: 'AllBlocksCleared', surprise: 1 };
    const decoded = decodeEngineBatch(0, batchOf(array, map));
    expect(decoded.batch?.events).toEqual([{ type: 'cleared' }, { type: 'cleared' }]);
    expect(decoded.problems).toEqual({ 'unknown-field': 2 });
  });

  it('keeps blocks on a medium it does not know, marked so', () => {
    const decoded = decodeEngineBatch(0, batchOf(stored({ medium: 'TAPE' })));
    expect(decoded.batch?.events[0]).toMatchObject({ tier: 'unknown' });
    expect(decoded.problems).toEqual({ 'unknown-medium': 1 });
  });

  it('keeps blocks of a numbered LoRA apart from the base model', () => {
    const { batch } = decodeEngineBatch(0, batchOf(stored({ lora_id: 3 })));
    expect(batch?.events[0]).toMatchObject({ loraName: 'lora-id-3' });
  });

  it('does without a usable time or rank', () => {
    const decoded = decodeEngineBatch(0, encode(['now', [cleared], -1]));
    expect(decoded.batch).toMatchObject({ timestampMs: 0, events: [{ type: 'cleared' }] });
    expect(decoded.batch?.rank).toBeUndefined();
    expect(decoded.problems).toEqual({ 'bad-timestamp': 1, 'bad-rank': 1 });
  });
});

describe('a message that is none is refused as a whole', () => {
  const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
  const hex = (text: string) => Buffer.from(text, 'hex');

  it.each([
    ['not-msgpack', new Uint8Array(0)],
    ['not-msgpack', hex('c1')],
    ['not-msgpack', hex('93cb41d954')],
    ['not-msgpack', hex(`${VLLM_PAYLOADS['0.26.0 bytes']}00`)],
    ['not-msgpack', hex(VLLM_PAYLOADS['0.26.0 bytes'].slice(0, -2))],
    ['not-a-batch', hex('81a95f5f70726f746f5f5f01')],
    ['not-a-batch', encode('hello')],
    ['not-a-batch', encode([])],
    ['not-a-batch', encode([1, 'events'])],
    ['not-a-batch', encode({ ts: 1 })],
    ['too-deep', encode([1, [nest(20)]])],
  ])('%s %#', (problem, payload) => {
    expect(decodeEngineBatch(0, payload)).toEqual({ problems: { [problem]: 1 }, removalsLost: true });
  });

  it('refuses what is over the limits', () => {
    const payload = batchOf(stored());
    const limits = (change: object) => ({ ...DEFAULT_MESSAGE_LIMITS, ...change });
    expect(decodeEngineBatch(0, payload, limits({ maxBytes: payload.length })).batch).toBeDefined();
    expect(decodeEngineBatch(0, payload, limits({ maxBytes: payload.length - 1 })).problems).toEqual({
      'too-large': 1,
    });
    expect(decodeEngineBatch(0, payload, limits({ maxElements: 10 })).problems).toEqual({
      'too-many-elements': 1,
    });
  });

  it('refuses a sequence number that is none', () => {
    for (const sequence of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expect(decodeEngineBatch(sequence, batchOf(cleared)).problems).toEqual({ 'bad-sequence': 1 });
    }
  });

  it('allocates nothing for elements that are announced but not there', () => {
    // 200,000 heads of arrays of a million elements each: a terabyte, were they believed.
    const bomb = Buffer.alloc(1_000_000);
    for (let i = 0; i < bomb.length; i += 5) {
      bomb.set([0xdd, 0x00, 0x0f, 0x00, 0x00], i);
    }
    const before = process.memoryUsage().rss;
    expect(decodeEngineBatch(0, bomb).batch).toBeUndefined();
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });
});

describe('any bytes at all', () => {
  it('never throws on noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeEngineBatch(0, bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws on a damaged message, and then still says whether removals may be lost', () => {
    const sound = Buffer.from(VLLM_PAYLOADS['0.22.0 full'], 'hex');
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(sound);
        damaged[at] = byte;
        const { batch, removalsLost } = decodeEngineBatch(0, damaged);
        return batch !== undefined || removalsLost;
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts exactly what the library writes, and no part of it', () => {
    const value = fc.anything({
      withBigInt: false,
      withDate: false,
      withMap: false,
      withSet: false,
      withTypedArray: false,
      maxDepth: 4,
      key: fc.string(),
    });
    fc.assert(
      fc.property(value, fc.nat(), (thing, cut) => {
        const bytes = encode(thing, { ignoreUndefined: true, maxDepth: 20 });
        expect(messagePackProblem(bytes)).toBeUndefined();
        expect(messagePackProblem(bytes.subarray(0, cut % bytes.length))).toBe('not-msgpack');
      }),
    );
  });
});
