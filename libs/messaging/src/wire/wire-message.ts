/** An event as it travels: CloudEvents 1.0 in binary mode over NATS, attributes as `ce-` headers, JSON data. */
export interface WireMessage {
  readonly subject: string;
  /** In the order they are written. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly payload: Uint8Array;
}

/** Header names, as written. */
export const HEADER = {
  id: 'ce-id',
  source: 'ce-source',
  specVersion: 'ce-specversion',
  type: 'ce-type',
  time: 'ce-time',
  /** Major version of the data's schema. */
  dataVersion: 'ce-dataversion',
  contentType: 'content-type',
  /** Identity of the publisher's life. */
  epoch: 'penstock-epoch',
  traceparent: 'traceparent',
  /** JetStream drops a second message with the same value inside the stream's duplicate window. */
  messageId: 'Nats-Msg-Id',
} as const;

/**
 * Header values are percent-encoded as in the CloudEvents HTTP binding (§3.1.3.2): everything outside
 * printable ASCII, and space, `"` and `%`.
 */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^\x21-\x7e]|["%]/gu, (character) => {
    let encoded = '';
    for (const byte of new TextEncoder().encode(character)) {
      encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return encoded;
  });
}

/** Reverse of `encodeHeaderValue`; undefined when the escapes are not UTF-8. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
