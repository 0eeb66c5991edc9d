import { Encoder } from '@msgpack/msgpack';
import { hashLow64 } from '../block-hash/index.js';
import type { PublishedBatch, PublishedEvent, PublishedStored } from './published-event.js';

export interface EncodeBatchOptions {
  /** `array`: vLLM up to 0.22, `map`: vLLM 0.26 and later. Default `map`. */
  readonly layout?: 'array' | 'map';
  /** `int`: low 64 bits, as with `VLLM_KV_EVENTS_USE_INT_BLOCK_HASHES`. Default `bytes`. */
  readonly hashes?: 'bytes' | 'int';
}

const MSGPACK_ARRAY_OF_3 = 0x93;
const MSGPACK_FLOAT64 = 0xcb;
const MSGPACK_NIL = 0xc0;
/** Array head, float64 marker, float64. */
const HEAD_BYTES = 10;
const encoder = new Encoder({ useBigInt64: true });

type WireHash = Uint8Array | bigint;

/**
 * Payload of one event message, in the bytes vLLM itself writes: array layout as 0.22, map layout as 0.26
 * (0.33 has the same content under a wider map head).
 */
export function encodeEngineBatch(batch: PublishedBatch, options: EncodeBatchOptions = {}): Buffer {
  const toHash = options.hashes === 'int' ? hashLow64 : (digest: Uint8Array) => digest;
  const toEvent = options.layout === 'array' ? arrayEvent : mapEvent;
  const events = encoder.encodeSharedRef(batch.events.map((event) => toEvent(event, toHash)));
  const rank = batch.rank === undefined ? undefined : encodeRank(batch.rank);
  const payload = Buffer.allocUnsafe(HEAD_BYTES + events.length + (rank?.length ?? 1));
  // The time is written by hand: the library writes a whole number of seconds as an integer.
  payload[0] = MSGPACK_ARRAY_OF_3;
  payload[1] = MSGPACK_FLOAT64;
  payload.writeDoubleBE(batch.timestampMs / 1000, 2);
  payload.set(events, HEAD_BYTES);
  if (rank) {
    payload.set(rank, HEAD_BYTES + events.length);
  } else {
    payload[payload.length - 1] = MSGPACK_NIL;
  }
  return payload;
}

/** A second encoder: the first one's buffer still holds the events. */
const rankEncoder = new Encoder();
function encodeRank(rank: number): Uint8Array {
  return rankEncoder.encodeSharedRef(rank);
}

function arrayEvent(event: PublishedEvent, toHash: (digest: Uint8Array) => WireHash): unknown[] {
  switch (event.type) {
    case 'stored':
      return [
        'BlockStored',
        event.hashes.map(toHash),
        event.parent && toHash(event.parent),
        tokenArray(event),
        event.blockSize,
        event.loraId ?? null,
        event.medium ?? 'GPU',
        event.loraName ?? null,
        event.extraKeys ?? null,
        event.groupIdx ?? null,
        event.specKind ?? null,
        event.slidingWindow ?? null,
      ];
    case 'removed':
      return ['BlockRemoved', event.hashes.map(toHash), event.medium ?? 'GPU', event.groupIdx ?? null];
    case 'cleared':
      return ['AllBlocksCleared'];
  }
}

/** Fields without a default in vLLM's structs are always written, the others only when set. */
function mapEvent(event: PublishedEvent, toHash: (digest: Uint8Array) => WireHash): Record<string, unknown> {
  switch (event.type) {
    case 'stored':
      return {
        type: 'BlockStored',
        block_hashes: event.hashes.map(toHash),
        parent_block_hash: event.parent && toHash(event.parent),
        token_ids: tokenArray(event),
        block_size: event.blockSize,
        lora_id: event.loraId ?? null,
        medium: event.medium ?? 'GPU',
        lora_name: event.loraName ?? null,
        ...(event.extraKeys && { extra_keys: event.extraKeys }),
        ...(event.groupIdx !== undefined && { group_idx: event.groupIdx }),
        ...(event.specKind !== undefined && { kv_cache_spec_kind: event.specKind }),
        ...(event.slidingWindow !== undefined && {
          kv_cache_spec_sliding_window: event.slidingWindow,
        }),
      };
    case 'removed':
      return {
        type: 'BlockRemoved',
        block_hashes: event.hashes.map(toHash),
        medium: event.medium ?? 'GPU',
        ...(event.groupIdx !== undefined && { group_idx: event.groupIdx }),
      };
    case 'cleared':
      return { type: 'AllBlocksCleared' };
  }
}

/** The library would write a typed array as bytes. */
function tokenArray(event: PublishedStored): readonly number[] {
  return Array.isArray(event.tokenIds) ? event.tokenIds : Array.from(event.tokenIds);
}
