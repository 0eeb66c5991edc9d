import { Decoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import type { EngineBatch, EngineEvent } from '@penstock/core/kv';
import { decodeEvent } from './decode-event.js';
import { type BatchProblem, count, type Problems } from './event-problem.js';
import { optionalCount } from './field-values.js';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits, messagePackProblem } from './message-pack-guard.js';
import { isMap } from './raw-event.js';

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

/** Extensions are opaque to us, and a malformed timestamp must not cost the batch. */
const opaqueExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: (data, type) => new ExtData(type, data),
};

const decoder = new Decoder({
  useBigInt64: true,
  extensionCodec: opaqueExtensions,
  mapKeyConverter: (key) => (typeof key === 'string' ? key : '(not a name)'),
});

/**
 * Decodes one event message: vLLM's array and map events (mixed too), the batch itself as array or map,
 * integer and digest hashes, events wrapped in bytes. Never throws: one bad event does not cost the others.
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
  const { value, problem } = decodeMessage(payload, limits);
  if (problem) {
    return refused(problem);
  }
  const [seconds, rawEvents, rawRank] = Array.isArray(value)
    ? value
    : isMap(value)
      ? [value.ts, value.events, value.data_parallel_rank ?? value.attn_dp_rank]
      : [];
  if (!Array.isArray(rawEvents)) {
    return refused('not-a-batch');
  }
  const problems: Problems = {};
  const events: EngineEvent[] = [];
  let removalsLost = false;
  for (const rawEvent of rawEvents) {
    const decoded = decodeEvent(unwrap(rawEvent, limits), problems);
    removalsLost ||= decoded.removalsLost;
    if (decoded.event) {
      events.push(decoded.event);
    }
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

function decodeMessage(
  payload: Uint8Array,
  limits: MessageLimits,
): { value?: unknown; problem?: BatchProblem } {
  const problem = messagePackProblem(payload, limits);
  if (problem) {
    return { problem };
  }
  try {
    return { value: decoder.decode(payload) };
  } catch {
    // What the walk accepts and the decoder does not: a map key it forbids.
    return { problem: 'not-msgpack' };
  }
}

/** llm-d's storage backend wraps each event in a byte string of its own. */
function unwrap(rawEvent: unknown, limits: MessageLimits): unknown {
  return rawEvent instanceof Uint8Array ? decodeMessage(rawEvent, limits).value : rawEvent;
}

function timestampMs(seconds: unknown, problems: Problems): number {
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0) {
    return seconds * 1000;
  }
  count(problems, 'bad-timestamp');
  return 0;
}

function refused(problem: BatchProblem): DecodedBatch {
  return { problems: { [problem]: 1 }, removalsLost: true };
}
