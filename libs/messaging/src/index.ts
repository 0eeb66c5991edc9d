export type { BusCounters } from './bus-counters.js';
export type { BusLog } from './bus-log.js';
export type { NatsCredentials, NatsEventBusOptions, NatsTls } from './bus-options.js';
export { areNatsUrls } from './connection/are-nats-urls.js';
export { DEAD_LETTER_HEADER, deadLetterSubject } from './consume/dead-letter.js';
export { NatsInspector, type StreamReport } from './inspect/nats-inspector.js';
export { NatsEventBus } from './nats-event-bus.js';
export type { StreamOverrides } from './streams/stream-config.js';
export {
  type AnyStreamName,
  DEAD_LETTER_STREAM,
  STREAM_NAMES,
  STREAMS,
  type StreamPolicy,
  streamSubjects,
} from './streams/stream-table.js';
export { type Decoded, type DecodeProblem, decodeEvent, type ReceivedMessage } from './wire/decode-event.js';
export { type EncodeContext, encodeEvent } from './wire/encode-event.js';
export { decodeToken, encodeToken } from './wire/encode-token.js';
export { definitionOf, eventSubject, parseEventSubject } from './wire/event-subject.js';
export { HEADER, type WireMessage } from './wire/wire-message.js';
