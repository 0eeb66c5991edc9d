import { Dealer } from 'zeromq';
import { isIPv6Endpoint } from './is-ipv6-endpoint.js';
import type { KvEventMessage } from './kv-event-message.js';
import { ReplayError } from './replay-error.js';
import { readSequence, sequenceFrame } from './sequence-frame.js';
import { socketContext } from './socket-context.js';

export interface ReplayOptions {
  /** Longest wait for the next reply; default 2,000. */
  readonly idleTimeoutMs?: number;
  /** Longest time for the whole replay; default 120,000. */
  readonly totalTimeoutMs?: number;
  readonly maxMessageBytes?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_IDLE_TIMEOUT_MS = 2_000;
const DEFAULT_TOTAL_TIMEOUT_MS = 120_000;
const EMPTY = Buffer.alloc(0);
/** vLLM before 0.33 drops replies that its socket cannot queue, so ours takes everything it may send. */
const RECEIVE_HIGH_WATER_MARK = 100_000;

/**
 * Asks a publisher for everything it still buffers from a sequence on, oldest first. Ends at the end marker.
 *
 * The publisher does not say when `from` has left its buffer: the first message then has a later sequence, or
 * there is none at all when the publisher has not come that far in this life.
 *
 * @throws ReplayError
 */
export async function* requestReplay(
  endpoint: string,
  from: number,
  options: ReplayOptions = {},
): AsyncGenerator<KvEventMessage, void, void> {
  const idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
  const totalTimeoutMs = options.totalTimeoutMs ?? DEFAULT_TOTAL_TIMEOUT_MS;
  const deadline = performance.now() + totalTimeoutMs;
  let leftMs = totalTimeoutMs;
  const socket = new Dealer({
    context: socketContext,
    linger: 0,
    ipv6: isIPv6Endpoint(endpoint),
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    ...(options.maxMessageBytes !== undefined && { maxMessageSize: options.maxMessageBytes }),
  });
  const abort = () => socket.close();
  options.signal?.addEventListener('abort', abort);
  try {
    options.signal?.throwIfAborted();
    connectTo(socket, endpoint);
    socket.sendTimeout = idleTimeoutMs;
    await socket.send([EMPTY, sequenceFrame(from)]);
    for (;;) {
      leftMs = Math.ceil(deadline - performance.now());
      socket.receiveTimeout = Math.max(1, Math.min(idleTimeoutMs, leftMs));
      const message = leftMs > 0 ? readReply(await socket.receive(), endpoint) : 'too-long';
      if (message === 'end') {
        return;
      }
      if (message === 'too-long') {
        throw tooLong(endpoint, totalTimeoutMs);
      }
      yield message;
    }
  } catch (error) {
    if (options.signal?.aborted) {
      throw new ReplayError('aborted', `the replay from ${endpoint} was given up`);
    }
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
      throw error;
    }
    throw leftMs < idleTimeoutMs ? tooLong(endpoint, totalTimeoutMs) : idle(endpoint, idleTimeoutMs);
  } finally {
    options.signal?.removeEventListener('abort', abort);
    socket.close();
  }
}

/** Two frames after the delimiter: older vLLM and SGLang. Three: vLLM 0.26 and later, with the topic first. */
function readReply(frames: Buffer[], endpoint: string): KvEventMessage | 'end' {
  const [delimiter, ...content] = frames;
  const [topic, sequenceFrame, payload] = content.length === 2 ? [EMPTY, ...content] : content;
  const sequence = readSequence(sequenceFrame);
  if (delimiter?.length !== 0 || (content.length !== 2 && content.length !== 3) || sequence === undefined) {
    throw new ReplayError(
      'malformed',
      `${endpoint} answered a replay request with ${frames.length} frames ` +
        `of ${frames.map((frame) => frame.length).join(', ')} bytes; is it an engine's replay endpoint?`,
    );
  }
  if (sequence === 'end') {
    return 'end';
  }
  return {
    topic: (topic as Buffer).toString(),
    sequence,
    payload: payload as Buffer,
    replayed: true,
  };
}

function connectTo(socket: Dealer, endpoint: string): void {
  try {
    socket.connect(endpoint);
  } catch (error) {
    throw new ReplayError(
      'no-endpoint',
      `cannot ask ${endpoint} for a replay: ${(error as Error).message}; a replay endpoint is tcp://<address>:<port>`,
    );
  }
}

function tooLong(endpoint: string, totalTimeoutMs: number): ReplayError {
  return new ReplayError(
    'too-long',
    `the replay from ${endpoint} was not complete after ${totalTimeoutMs} ms; allow more time`,
  );
}

function idle(endpoint: string, idleTimeoutMs: number): ReplayError {
  return new ReplayError(
    'idle',
    `${endpoint} sent nothing for ${idleTimeoutMs} ms; is the engine's replay endpoint there?`,
  );
}
