/** What the server said about one message, by https://docs.nats.io/reference/reference-protocols/nats_api_reference. */
export type PubAck =
  | { readonly outcome: 'stored'; readonly duplicate: boolean }
  /** No stream listens on the subject, or JetStream is off. */
  | { readonly outcome: 'no-stream' }
  | {
      readonly outcome: 'refused';
      /** HTTP-like: below 500 the message is at fault, from 500 on the server. */
      readonly status: number;
      readonly errorCode: number;
      readonly reason: string;
    };

const NO_RESPONDERS = 503;

/** Reads the answer to a publication: `status` is the header's status code, 0 without one. */
export function readPubAck(status: number, payload: string): PubAck {
  if (status === NO_RESPONDERS) return { outcome: 'no-stream' };
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return unreadable('not JSON');
  }
  if (typeof answer !== 'object' || answer === null) {
    return unreadable('not an object');
  }
  const { error, stream, duplicate } = answer as Record<string, unknown>;
  if (typeof error === 'object' && error !== null) {
    const { code, err_code: errorCode, description } = error as Record<string, unknown>;
    return {
      outcome: 'refused',
      status: Number(code) || 500,
      errorCode: Number(errorCode) || 0,
      reason: String(description ?? 'no reason given'),
    };
  }
  if (typeof stream !== 'string') return unreadable('without the name of a stream');
  return { outcome: 'stored', duplicate: duplicate === true };
}

/** Something that is not JetStream answered. */
function unreadable(what: string): PubAck {
  return { outcome: 'refused', status: 500, errorCode: 0, reason: `the answer is ${what}` };
}
