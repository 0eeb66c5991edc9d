import type { JsMsg } from 'nats';
import type { ReceivedMessage } from '../wire/decode-event.js';

/** A JetStream message as the decoder sees it. */
export function received(message: JsMsg): ReceivedMessage {
  return {
    subject: message.subject,
    header: (name) => (message.headers?.has(name) ? message.headers.get(name) : undefined),
    payload: message.data,
    deliveries: message.info.deliveryCount,
  };
}
