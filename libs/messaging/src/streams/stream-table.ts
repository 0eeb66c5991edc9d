import { EVENTS, type StreamName } from '@penstock/contracts';
import { SUBJECT_ROOT } from '../wire/event-subject.js';

/** Where messages go that no handler could take. */
export const DEAD_LETTER_STREAM = 'PENSTOCK_DLQ';
export const DEAD_LETTER_ROOT = `${SUBJECT_ROOT}.dlq`;
export type AnyStreamName = StreamName | typeof DEAD_LETTER_STREAM;

export interface StreamPolicy {
  readonly storage: 'memory' | 'file';
  /** Messages older than this are dropped. */
  readonly maxAgeMs: number;
  /** The oldest messages are dropped above this size. */
  readonly maxBytes: number;
  /** The oldest messages are dropped above this number; unlimited when absent. */
  readonly maxMessages?: number;
  /** The oldest messages of one subject are dropped above this number; unlimited when absent. */
  readonly maxMessagesPerSubject?: number;
  /** A second message with the same id is dropped inside this window. */
  readonly duplicateWindowMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

/**
 * Every stream of the suite. All are journals of what can be rebuilt from the cluster and the engines, so a
 * full stream drops its oldest messages; what is rebuilt within seconds anyway is kept in memory only.
 */
export const STREAMS: Readonly<Record<AnyStreamName, StreamPolicy>> = {
  PENSTOCK_KV: {
    storage: 'memory',
    maxAgeMs: 10 * MINUTE_MS,
    maxBytes: 256 * MIB,
    duplicateWindowMs: MINUTE_MS,
  },
  PENSTOCK_ENGINE: {
    storage: 'file',
    maxAgeMs: DAY_MS,
    maxBytes: 64 * MIB,
    maxMessagesPerSubject: 16,
    duplicateWindowMs: 2 * MINUTE_MS,
  },
  // One subject per request: the server keeps every subject in memory, hence the limit on messages.
  PENSTOCK_ROUTING: {
    storage: 'file',
    maxAgeMs: HOUR_MS,
    maxBytes: 256 * MIB,
    maxMessages: 100_000,
    duplicateWindowMs: 2 * MINUTE_MS,
  },
  PENSTOCK_DEMAND: {
    storage: 'memory',
    maxAgeMs: 10 * MINUTE_MS,
    maxBytes: 32 * MIB,
    duplicateWindowMs: MINUTE_MS,
  },
  PENSTOCK_CAPACITY: {
    storage: 'file',
    maxAgeMs: 7 * DAY_MS,
    maxBytes: 64 * MIB,
    duplicateWindowMs: 2 * MINUTE_MS,
  },
  PENSTOCK_TIER: {
    storage: 'file',
    maxAgeMs: HOUR_MS,
    maxBytes: 128 * MIB,
    duplicateWindowMs: 2 * MINUTE_MS,
  },
  PENSTOCK_DLQ: {
    storage: 'file',
    maxAgeMs: 7 * DAY_MS,
    maxBytes: 64 * MIB,
    duplicateWindowMs: 10 * MINUTE_MS,
  },
};

export const STREAM_NAMES = Object.keys(STREAMS) as AnyStreamName[];

/** Subjects of a stream: the domains of its event types, which no other stream may share. */
export function streamSubjects(name: AnyStreamName): string[] {
  if (name === DEAD_LETTER_STREAM) return [`${DEAD_LETTER_ROOT}.>`];
  const domains = Object.values(EVENTS)
    .filter((definition) => definition.stream === name)
    .map((definition) => definition.type.split('.')[0]);
  return [...new Set(domains)].sort().map((domain) => `${SUBJECT_ROOT}.${domain}.>`);
}
