import { headers, type JetStreamClient, type JsMsg, Match } from 'nats';
import { DEAD_LETTER_ROOT } from '../streams/stream-table.js';
import { encodeHeaderValue, HEADER } from '../wire/wire-message.js';

/** Headers of a dead letter, beside those of the message itself. */
export const DEAD_LETTER_HEADER = {
  reason: 'penstock-dlq-reason',
  subject: 'penstock-dlq-subject',
  stream: 'penstock-dlq-stream',
  sequence: 'penstock-dlq-sequence',
  consumer: 'penstock-dlq-consumer',
  deliveries: 'penstock-dlq-deliveries',
} as const;

const REASON_LIMIT_CHARS = 500;

/** `penstock.v1.dlq.<stream>.<consumer>`. */
export function deadLetterSubject(stream: string, consumer: string): string {
  return `${DEAD_LETTER_ROOT}.${stream}.${consumer}`;
}

/**
 * Stores a copy of the message, payload and headers as they came, under the consumer's dead-letter subject.
 * Resolves when it is stored; done twice it is stored once.
 */
export async function deadLetter(
  jetstream: JetStreamClient,
  message: JsMsg,
  consumer: string,
  reason: string,
): Promise<void> {
  const { stream, streamSequence, deliveryCount } = message.info;
  const head = headers();
  for (const [name, values] of message.headers ?? []) {
    if (name === HEADER.messageId) continue;
    for (const value of values) head.append(name, value, Match.Exact);
  }
  const facts = {
    [DEAD_LETTER_HEADER.reason]: reason.slice(0, REASON_LIMIT_CHARS),
    [DEAD_LETTER_HEADER.subject]: message.subject,
    [DEAD_LETTER_HEADER.stream]: stream,
    [DEAD_LETTER_HEADER.sequence]: String(streamSequence),
    [DEAD_LETTER_HEADER.consumer]: consumer,
    [DEAD_LETTER_HEADER.deliveries]: String(deliveryCount),
  };
  for (const [name, value] of Object.entries(facts)) head.set(name, encodeHeaderValue(value), Match.Exact);
  await jetstream.publish(deadLetterSubject(stream, consumer), message.data, {
    headers: head,
    msgID: `${stream}:${streamSequence}:${consumer}`,
  });
}
