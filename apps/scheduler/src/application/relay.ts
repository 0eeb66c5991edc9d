import type { IncomingHttpHeaders } from 'node:http';

/** One attempt to get a request answered by one engine. */
export interface RelayRequest {
  /** `ip:port`. */
  readonly address: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** Where the engine's answer goes. Nothing is called before the first byte of an answer worth keeping. */
export interface RelaySink {
  /** First byte of the body is here (or the body is empty). */
  start(status: number, headers: IncomingHttpHeaders): void;
  /** False asks for a pause until `onDrain` calls back. */
  write(chunk: Buffer): boolean;
  onDrain(resume: () => void): void;
}

/** How an attempt ended. */
export type RelayOutcome =
  /** The whole answer was delivered. */
  | { readonly kind: 'answered'; readonly status: number; readonly observed: Observed }
  /** Nothing was delivered: another engine may try. `status` is the engine's, 0 when it gave none. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: RefusalReason;
      readonly retryAfterSeconds?: number;
    }
  /** The engine went away after the first byte was delivered. */
  | {
      readonly kind: 'lost';
      readonly status: number;
      readonly observed: Observed;
      readonly eventStream: boolean;
    }
  /** The caller's signal ended it. */
  | { readonly kind: 'aborted'; readonly observed: Observed };

export type RefusalReason = 'connect-failed' | 'closed-early' | 'timed-out' | 'engine-error' | 'engine-busy';

/** What was seen of an answer while it went by. */
export interface Observed {
  /** `performance.now()` at the first byte of the body; absent when none came. */
  readonly firstByteAtMs?: number;
  readonly bytes: number;
  /** Server-sent events in a stream; 0 for a plain answer. */
  readonly events: number;
  /** The last bytes of the body, where usage is. */
  readonly tail: Buffer;
}

export interface Relay {
  relay(request: RelayRequest, sink: RelaySink): Promise<RelayOutcome>;
}
