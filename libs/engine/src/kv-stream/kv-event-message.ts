/** One message of an engine's event stream, its payload not yet decoded. */
export interface KvEventMessage {
  readonly topic: string;
  /** 0 for the first message of each life of the publisher, +1 for each. */
  readonly sequence: number;
  readonly payload: Buffer;
  /** Whether it came as an answer to a replay request. */
  readonly replayed: boolean;
}
