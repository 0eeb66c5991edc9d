import { EVENTS, type EventDefinition } from '@penstock/contracts';
import type { IncomingEvent } from '@penstock/core/ports';
import { parseEventSubject } from './event-subject.js';
import { decodeHeaderValue, HEADER } from './wire-message.js';

/** Why a message is not an event; also the first word of a dead letter's reason. */
export type DecodeProblem =
  | 'bad-subject'
  | 'bad-headers'
  | 'type-mismatch'
  | 'unknown-type'
  | 'unknown-version'
  | 'bad-json'
  | 'bad-data';

export type Decoded<T = unknown> =
  | { readonly event: IncomingEvent<T>; readonly problem?: undefined }
  | { readonly event?: undefined; readonly problem: DecodeProblem; readonly detail: string };

export interface ReceivedMessage {
  readonly subject: string;
  /** Value of a header as written, undefined when absent. */
  header(name: string): string | undefined;
  readonly payload: Uint8Array;
  /** 1 for the first delivery. */
  readonly deliveries: number;
}

const ISSUES_SHOWN = 3;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const bad = (problem: DecodeProblem, detail: string) => ({ problem, detail });

/**
 * Checks a message against the contract of its type. Fields that the schema does not know are kept at the
 * top level. `detail` names the place of the fault and never its content.
 */
export function decodeEvent<T>(message: ReceivedMessage): Decoded<T> {
  const place = parseEventSubject(message.subject);
  if (!place) return bad('bad-subject', 'expected penstock.v1.<type>.<namespace>.<pool>[.<key>]');
  const attribute = (name: string) => decodeHeaderValue(message.header(name) ?? '') || undefined;
  const id = attribute(HEADER.id);
  const source = attribute(HEADER.source);
  const epoch = attribute(HEADER.epoch);
  const timeMs = Date.parse(message.header(HEADER.time) ?? '');
  if (message.header(HEADER.specVersion) !== '1.0')
    return bad('bad-headers', `${HEADER.specVersion} is not 1.0`);
  if (!id || !source || !epoch || Number.isNaN(timeMs)) {
    const wrong = !id ? HEADER.id : !source ? HEADER.source : !epoch ? HEADER.epoch : HEADER.time;
    return bad('bad-headers', `${wrong} is missing or malformed`);
  }
  const type = message.header(HEADER.type) ?? '';
  if (type !== place.type) return bad('type-mismatch', `${HEADER.type} differs from the type in the subject`);
  if (!Object.hasOwn(EVENTS, type)) return bad('unknown-type', 'the type is not in the contracts table');
  const definition: EventDefinition = EVENTS[type as keyof typeof EVENTS];
  if ((place.key === undefined) !== (definition.key === undefined)) {
    return bad('bad-subject', definition.key === undefined ? 'the type takes no key' : 'the key is missing');
  }
  const version = Number(message.header(HEADER.dataVersion));
  if (version !== definition.version) {
    return bad('unknown-version', `${HEADER.dataVersion} is not ${definition.version}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(strictUtf8.decode(message.payload));
  } catch {
    return bad('bad-json', `${message.payload.byteLength} bytes are not JSON`);
  }
  const parsed = definition.schema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, ISSUES_SHOWN);
    return bad(
      'bad-data',
      issues.map((issue) => `${issue.path.join('.') || 'data'}: ${issue.code}`).join('; '),
    );
  }
  return {
    event: {
      id,
      type,
      version,
      source,
      epoch,
      timeMs,
      namespace: place.namespace,
      pool: place.pool,
      key: place.key,
      traceparent: attribute(HEADER.traceparent),
      data: parsed.data as T,
      deliveries: message.deliveries,
    },
  };
}
