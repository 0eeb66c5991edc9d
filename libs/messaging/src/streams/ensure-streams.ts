import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, NatsError, type StreamInfo } from 'nats';
import {
  isNewerTable,
  type StreamOverrides,
  streamDrift,
  type WantedStream,
  wantedStream,
} from './stream-config.js';
import { type AnyStreamName, STREAM_NAMES } from './stream-table.js';

export interface StreamsState {
  /** Creation time of every stream as the server gave it: a new value means that its content was lost. */
  readonly created: ReadonlyMap<AnyStreamName, string>;
  /** Differences that remain, one sentence per stream; empty when all is as wanted. */
  readonly drift: readonly string[];
  /** Streams that were missing and have been made. */
  readonly made: readonly AnyStreamName[];
}

const STREAM_NOT_FOUND = 10059;
/** nats-server 2.9 removes the files of a deleted stream in the background, also those of a new one by its name. */
const AFTER_DELETION_MS = 1000;

/**
 * Makes missing streams, brings changed ones back (only when `repair`), reads every configuration back and
 * compares it: servers accept fields they do not know without a word. Rejects when JetStream does not answer.
 * `known` streams were there a moment ago on this very server.
 */
export async function ensureStreams(
  manager: JetStreamManager,
  overrides: StreamOverrides,
  repair: boolean,
  known: ReadonlyMap<AnyStreamName, string>,
): Promise<StreamsState> {
  const created = new Map<AnyStreamName, string>();
  const drift: string[] = [];
  const made: AnyStreamName[] = [];
  let hasWaited = false;
  for (const name of STREAM_NAMES) {
    const wanted = wantedStream(name, overrides);
    let info = await find(manager, name);
    let refusal = '';
    if (!info) {
      if (known.has(name) && !hasWaited) {
        await delay(AFTER_DELETION_MS, undefined, { ref: false });
        hasWaited = true;
      }
      refusal = await attempt(() => manager.streams.add(wanted));
      info = await find(manager, name);
      if (info) made.push(name);
    } else if (repair && !isNewerTable(info.config) && streamDrift(wanted, info.config).length > 0) {
      const { config } = info;
      refusal = await attempt(() => manager.streams.update(name, { ...config, ...wanted }));
      info = await find(manager, name);
    }
    if (info) created.set(name, info.created);
    const sentence = problemOf(wanted, info, refusal);
    if (sentence) drift.push(sentence);
  }
  return { created, drift, made };
}

function problemOf(wanted: WantedStream, info: StreamInfo | undefined, refusal: string): string | undefined {
  if (!info) return `stream ${wanted.name} cannot be created: ${refusal || 'the server did not keep it'}`;
  if (isNewerTable(info.config)) return undefined;
  const differences = streamDrift(wanted, info.config);
  if (differences.length === 0) return undefined;
  const reason = refusal ? ` (${refusal})` : '';
  return `stream ${wanted.name} differs from the table: ${differences.join('; ')}${reason}; undo the change, or delete the stream and it is made again`;
}

async function find(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** What the server answered to a refused request; a lost connection is thrown on. */
async function attempt(request: () => Promise<unknown>): Promise<string> {
  try {
    await request();
    return '';
  } catch (error) {
    if (error instanceof NatsError && error.api_error) return error.api_error.description;
    throw error;
  }
}
