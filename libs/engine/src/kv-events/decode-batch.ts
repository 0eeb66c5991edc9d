import type { EngineBatch, EngineEvent } from '@penstock/core/kv';
import { decodeEvent } from './decode-event.js';
import { type BatchProblem, count, type Problems } from './event-problem.js';
import { optionalCount } from './field-values.js';
import { MessageCursor } from './message-cursor.js';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits, messagePackProblem } from './message-pack-guard.js';
import { MESSAGE_NAMES, RawEvent } from './raw-event.js';

/** Fields of the array layout; SGLang calls the third `attn_dp_rank`. */
const BATCH_POSITIONS = ['ts', 'events', 'data_parallel_rank'];
const MILLISECONDS_FROM = 1e11;

export interface DecodedBatch {
  /** Absent when the message as a whole was refused. */
  readonly batch?: EngineBatch;
  /** What was left out and why; empty for a sound message. */
  readonly problems: Problems;
  /**
   * Something that could not be read may have said that blocks are gone: whoever keeps the engine's blocks
   * must drop them and start again, or it may claim one that is gone.
   */
  readonly removalsLost: boolean;
}

/**
 * Decodes one event message: array and map events of vLLM, SGLang, Mooncake and ATOM (mixed too), the batch itself as
 * array or map, integer and digest hashes, events wrapped in bytes. Never throws: one bad event does not cost the
 * others.
 *
 * @param sequence from the message's second frame
 * @param payload the message's third frame
 */
export function decodeEngineBatch(
  sequence: number,
  payload: Uint8Array,
  limits: MessageLimits = DEFAULT_MESSAGE_LIMITS,
): DecodedBatch {
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    return refused('bad-sequence');
  }
  const problem = messagePackProblem(payload, limits);
  if (problem) {
    return refused(problem);
  }
  const problems: Problems = {};
  const events: EngineEvent[] = [];
  const { seconds, rank: rawRank, removalsLost } = readBatch(payload, limits, events, problems);
  if (removalsLost === undefined) {
    return refused('not-a-batch');
  }
  const rank = optionalCount(rawRank);
  if (rank === 'bad') {
    count(problems, 'bad-rank');
  }
  const batch: EngineBatch = {
    sequence,
    timestampMs: timestampMs(seconds, problems),
    rank: rank === 'bad' ? undefined : rank,
    events,
  };
  return { batch, problems, removalsLost };
}

interface BatchFields {
  seconds?: unknown;
  rank?: unknown;
  /** Absent when the batch has no events where events belong. */
  removalsLost?: boolean;
}

/** Reads the batch itself, an array `[time, events, rank?]` or a map. */
function readBatch(
  payload: Uint8Array,
  limits: MessageLimits,
  events: EngineEvent[],
  problems: Problems,
): BatchFields {
  const cursor = new MessageCursor(payload, MESSAGE_NAMES);
  const fields: BatchFields = {};
  const readField = (name: unknown) => {
    switch (name) {
      case 'ts':
        fields.seconds = cursor.value();
        return;
      case 'events':
        fields.removalsLost = readEvents(cursor, limits, events, problems);
        return;
      case 'data_parallel_rank':
      case 'attn_dp_rank':
        fields.rank = cursor.value() ?? fields.rank;
        return;
      default:
        cursor.skip();
        count(problems, 'unknown-field');
    }
  };
  const items = cursor.enterArray();
  for (let i = 0; i < (items ?? 0); i++) {
    readField(BATCH_POSITIONS[i]);
  }
  const entries = items === undefined ? (cursor.enterMap() ?? 0) : 0;
  for (let i = 0; i < entries; i++) {
    readField(cursor.value());
  }
  return fields;
}

/** Undefined when what comes is no list. */
function readEvents(
  cursor: MessageCursor,
  limits: MessageLimits,
  events: EngineEvent[],
  problems: Problems,
): boolean | undefined {
  const size = cursor.enterArray();
  if (size === undefined) {
    cursor.skip();
    return undefined;
  }
  let removalsLost = false;
  for (let i = 0; i < size; i++) {
    const wrapped = cursor.binary();
    const raw = wrapped ? unwrap(wrapped, limits) : RawEvent.read(cursor);
    removalsLost = decodeEvent(raw, events, problems) || removalsLost;
  }
  return removalsLost;
}

/** llm-d's storage backend wraps each event in a byte string of its own. */
function unwrap(bytes: Uint8Array, limits: MessageLimits): RawEvent {
  return messagePackProblem(bytes, limits)
    ? new RawEvent()
    : RawEvent.read(new MessageCursor(bytes, MESSAGE_NAMES));
}

/** Engines send seconds; Mooncake's master sends milliseconds, which as seconds would be after the year 5000. */
function timestampMs(time: unknown, problems: Problems): number {
  const number = typeof time === 'bigint' ? Number(time) : time;
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) {
    return number < MILLISECONDS_FROM ? number * 1000 : number;
  }
  count(problems, 'bad-timestamp');
  return 0;
}

function refused(problem: BatchProblem): DecodedBatch {
  return { problems: { [problem]: 1 }, removalsLost: true };
}
