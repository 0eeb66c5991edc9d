import type { OutgoingEvent } from '@penstock/core/ports';
import { definitionOf, eventSubject, MAX_SUBJECT_BYTES } from './event-subject.js';
import { encodeHeaderValue, HEADER, type WireMessage } from './wire-message.js';

/** What the publisher adds to every event. */
export interface EncodeContext {
  /** Used when the event brings none. */
  readonly id: string;
  readonly source: string;
  readonly epoch: string;
  readonly nowMs: number;
}

const utf8 = new TextEncoder();

/**
 * The bytes of an event. Throws when the event breaks its contract in a way seen without reading the data:
 * unknown type, key missing or not wanted, subject too long, data that JSON cannot hold.
 */
export function encodeEvent(event: OutgoingEvent, context: EncodeContext): WireMessage {
  const definition = definitionOf(event.type);
  if ((event.key === undefined) !== (definition.key === undefined)) {
    const rule = definition.key === undefined ? 'takes no key' : `needs a key (${definition.key})`;
    throw new Error(`event ${event.type} ${rule}`);
  }
  const subject = eventSubject(event);
  if (subject.length > MAX_SUBJECT_BYTES) {
    throw new Error(
      `subject of event ${event.type} has ${subject.length} bytes, more than ${MAX_SUBJECT_BYTES}: shorten its namespace, pool or key`,
    );
  }
  const json = JSON.stringify(event.data);
  if (json === undefined) throw new Error(`event ${event.type} has no data`);
  const headers: Array<readonly [string, string]> = [
    [HEADER.id, encodeHeaderValue(event.id ?? context.id)],
    [HEADER.source, encodeHeaderValue(context.source)],
    [HEADER.specVersion, '1.0'],
    [HEADER.type, event.type],
    [HEADER.time, new Date(context.nowMs).toISOString()],
    [HEADER.dataVersion, String(definition.version)],
    [HEADER.contentType, 'application/json'],
    [HEADER.epoch, encodeHeaderValue(context.epoch)],
  ];
  if (event.traceparent !== undefined)
    headers.push([HEADER.traceparent, encodeHeaderValue(event.traceparent)]);
  if (event.id !== undefined) headers.push([HEADER.messageId, encodeHeaderValue(event.id)]);
  return { subject, headers, payload: utf8.encode(json) };
}
