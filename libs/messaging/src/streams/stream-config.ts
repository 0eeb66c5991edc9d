import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type StreamConfig } from 'nats';
import { type AnyStreamName, STREAMS, type StreamPolicy, streamSubjects } from './stream-table.js';

/** Grows when the table changes, so that an older replica leaves a newer one's configuration alone. */
export const TABLE_VERSION = 1;
const DESCRIPTION = /^penstock stream table (\d+)$/;

/** What an installation may change: sizes, ages and copies. */
export interface StreamOverrides {
  /** Copies of every stream; needs a cluster of at least as many servers. */
  readonly replicas?: number;
  readonly streams?: Partial<Record<AnyStreamName, Partial<Omit<StreamPolicy, 'storage'>>>>;
}

export type WantedStream = Pick<
  StreamConfig,
  | 'name'
  | 'description'
  | 'subjects'
  | 'storage'
  | 'retention'
  | 'discard'
  | 'max_age'
  | 'max_bytes'
  | 'max_msgs'
  | 'max_msgs_per_subject'
  | 'num_replicas'
  | 'duplicate_window'
>;

/** The configuration we ask for; ages in nanoseconds, -1 for unlimited. */
export function wantedStream(name: AnyStreamName, overrides: StreamOverrides = {}): WantedStream {
  const policy: StreamPolicy = { ...STREAMS[name], ...overrides.streams?.[name] };
  return {
    name,
    description: `penstock stream table ${TABLE_VERSION}`,
    subjects: streamSubjects(name),
    storage: policy.storage === 'memory' ? StorageType.Memory : StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(policy.maxAgeMs),
    max_bytes: policy.maxBytes,
    max_msgs: policy.maxMessages ?? -1,
    max_msgs_per_subject: policy.maxMessagesPerSubject ?? -1,
    num_replicas: overrides.replicas ?? 1,
    duplicate_window: nanos(Math.min(policy.duplicateWindowMs, policy.maxAgeMs)),
  };
}

/** Whether a newer release owns the stream's configuration. */
export function isNewerTable(actual: Pick<StreamConfig, 'description'>): boolean {
  return Number(DESCRIPTION.exec(actual.description ?? '')?.[1] ?? 0) > TABLE_VERSION;
}

/** Fields whose value on the server is not the wanted one, as `field is X, expected Y`. */
export function streamDrift(wanted: WantedStream, actual: StreamConfig): string[] {
  const drift: string[] = [];
  for (const [field, value] of Object.entries(wanted)) {
    const have: unknown = actual[field as keyof WantedStream];
    if (JSON.stringify(have) !== JSON.stringify(value)) {
      drift.push(`${field} is ${JSON.stringify(have)}, expected ${JSON.stringify(value)}`);
    }
  }
  return drift;
}
